// Status > General: what the appliance is, what runs, what is wrong, who is here.

import { faults } from "../part/alarms.js";
import { live, show } from "../part/ask.js";
import { h } from "../part/dom.js";
import { session } from "../part/session.js";
import { code, facts, note, onOff, section, state, table } from "../part/view.js";
import { bytes, many, span, time } from "../part/words.js";
import { maybe, watched } from "../part/watched.js";

export default async function status() {
  const parts = [watched(appliance), watched(services), watched(interfaces), watched(certificates), watched(storage), watched(people)];
  return {
    title: "Status",
    side: h("button", { type: "button", onclick: () => parts.forEach((one) => void one.again()) }, "Refresh"),
    content: [
      h(
        "div",
        { class: "columns" },
        section("Appliance", {}, parts[0]),
        section("Services", {}, parts[1]),
      ),
      section("Interfaces", { side: h("a", { href: "#/network" }, "Configure") }, parts[2]),
      h(
        "div",
        { class: "columns" },
        section("License and certificates", {}, parts[3]),
        h("div", { class: "stack" }, section("Signed in", {}, parts[5]), section("Storage", {}, parts[4])),
      ),
    ],
  };
}

async function appliance() {
  const [uptime, version, model, serial, name, date, trouble] = await Promise.all(
    ["uptime", "version", "model", "serial", "hostname", "date", "health"].map((line) => maybe(show(line))),
  );
  const sick = Array.isArray(trouble) ? trouble.filter((sensor) => !sensor.ok) : [];
  return facts([
    ["Host name", name && (name.hostname === name.running ? name.running : [name.running, h("span", { class: "soft" }, ` (${name.hostname} after a reboot)`)])],
    ["Uptime", uptime && span(uptime.seconds)],
    ["Software", version && [version.version, version.commit ? h("span", { class: "soft" }, ` (${version.commit.slice(0, 12)})`) : null]],
    ["Platform", model],
    ["Serial number", serial],
    ["Date and time", date && [date.local, date.local.endsWith("UTC") ? null : h("span", { class: "soft" }, ` (${date.utc} UTC)`)]],
    ["Load", uptime && uptime.load.map((one) => one.toFixed(2)).join(", ")],
    ["Hardware", Array.isArray(trouble) ? (sick.length ? sick.map((sensor) => h("div", {}, state(`${sensor.name}: ${sensor.value}`, "bad"))) : state("within its limits", "good")) : h("span", { class: "soft" }, "no sensors on this platform")],
  ]);
}

/** The services that this release has, each with its state and last fault. */
async function services() {
  const [web, logs] = await Promise.all([maybe(show("webadmin status")), maybe(show("syslog"))]);
  const rows = [];
  if (web) {
    rows.push({
      name: "Web Admin",
      state: web.running ? state("running", "good") : state(web.settings?.enabled ? "not running" : "off", web.settings?.enabled ? "bad" : ""),
      about: web.fault ? h("span", {}, web.fault) : web.pending?.length ? `Waits for a restart: ${web.pending.join(", ")}` : (web.listening ?? []).join(", "),
    });
  }
  const servers = [...(logs?.servers ?? []), ...(logs?.audit_servers ?? [])];
  const failing = servers.filter((one) => one.state?.error && !one.state.connected);
  if (logs) {
    rows.push({
      name: "Log forwarding",
      state: failing.length ? state("a server is away", "warn") : onOff(logs.enabled),
      about: failing.length ? failing.map((one) => `${one.server.host}: ${one.state.error[1]}`).join("; ") : many(servers.length, "server"),
    });
  }
  const sources = await maybe(show("ntp status"));
  if (sources) {
    const followed = sources.find((one) => one.tally === "*");
    rows.push({
      name: "Time",
      state: followed ? state("synchronised", "good") : state(sources.length ? "not synchronised" : "no server", sources.length ? "warn" : ""),
      about: followed ? `${followed.remote}, offset ${followed.offset} ms` : h("a", { href: "#/time" }, "Time servers"),
    });
  }
  const wrong = await faults();
  return [
    table(
      "Services",
      [
        { title: "Service", cell: (row) => row.name },
        { title: "State", cell: (row) => row.state },
        { title: "Details", kind: "wrap", cell: (row) => row.about },
      ],
      rows,
      "No service answers.",
    ),
    wrong.length ? h("p", {}, state(`${many(wrong.length, "fault")}, on top of this page`, "warn")) : h("p", { class: "soft" }, "No faults."),
  ];
}

async function interfaces() {
  const letters = await live("interfaces");
  const rows = await Promise.all(
    letters.map(async (letter) => {
      const [link, four, six] = await Promise.all([`iface ${letter}`, `ipv4 ${letter}`, `ipv6 ${letter}`].map((line) => maybe(show(line))));
      return { letter, link, four, six };
    }),
  );
  return table(
    "Interfaces",
    [
      { title: "Interface", cell: (row) => h("strong", {}, row.letter) },
      { title: "Link", kind: "wrap", cell: (row) => (row.link?.fault ? state(row.link.fault, "bad") : row.link?.carrier ? state(row.link.speed ? `${row.link.speed} Mbit/s ${row.link.duplex ?? ""}` : "up", "good") : state(row.link?.mac ? "no cable" : "absent", row.four?.enabled ? "warn" : "")) },
      { title: "IPv4", kind: "wrap", cell: (row) => addresses(row.four, row.link) },
      { title: "IPv6", kind: "wrap", cell: (row) => addresses(row.six, row.link) },
      { title: "MAC address", cell: (row) => (row.link?.mac ? code(row.link.mac) : "") },
    ],
    rows,
    "No interfaces.",
  );
}

const addresses = (side, link) => {
  if (!side?.enabled) return h("span", { class: "soft" }, "off");
  const found = side.observed_addresses ?? [];
  return [found.length ? found.map((one) => h("div", {}, one)) : h("span", { class: "soft" }, "no address"), side.dhcp ? h("div", { class: "soft" }, "DHCP") : null, side.fault && side.fault !== link?.fault ? h("div", {}, state(side.fault, "bad")) : null];
};

/** What a license allows, or why none is in force. */
function licensed(license) {
  if (!license) return h("span", { class: "soft" }, "not known");
  if (license.fault || !license.features.length) return state("none in force", "warn");
  const soonest = license.features.reduce((one, other) => (other.days < one.days ? other : one));
  const kind = license.features.some((one) => one.status !== "activated") ? "warn" : "good";
  return state(`${many(license.features.length, "feature")}, the first ends ${soonest.expiry}`, kind);
}

async function certificates() {
  const [license, web, uses] = await Promise.all([maybe(show("license")), maybe(show("webadmin status")), maybe(show("pki"))]);
  const shown = web?.certificate;
  const days = shown ? Math.floor((shown.expires - Date.now() / 1000) / 86400) : null;
  const expiry = shown && (days < 0 ? state(`expired ${time(shown.expires)}`, "bad") : days < 60 ? state(`expires in ${many(days, "day")}`, "warn") : state(`valid until ${time(shown.expires)}`, "good"));
  return [
    facts([
      ["License", licensed(license)],
      ["Web Admin certificate", shown ? [h("div", {}, (shown.names ?? []).join(", ")), expiry] : h("span", { class: "soft" }, "none is set")],
    ]),
    (uses ?? []).filter((row) => row.fault).map((row) => note("bad", `${row.service}, ${row.purpose}: ${row.file}`, row.fault)),
    license?.fault ? h("div", { class: "actions" }, h("a", { class: "button small", href: "#/files" }, "Upload cms.lic")) : null,
  ];
}

async function storage() {
  const rows = await show("df");
  return table(
    "Storage",
    [
      { title: "File system", cell: (row) => code(row.mount) },
      { title: "Used", kind: "number", cell: (row) => `${bytes(row.used)} of ${bytes(row.size)}` },
      { title: "Use", kind: "number", cell: (row) => (row.use_percent >= 90 && row.mount !== "/" ? state(`${row.use_percent} %`, "warn") : `${row.use_percent} %`) },
    ],
    rows,
    "No file systems.",
  );
}

async function people() {
  const rows = (await show("user list")).filter((row) => row.logged_in);
  return table(
    "Signed in",
    [
      { title: "User", cell: (row) => [row.username, row.username === session.user ? h("span", { class: "soft" }, " (you)") : null] },
      { title: "Role", cell: (row) => row.role },
    ],
    rows,
    "Nobody has a session.",
  );
}
