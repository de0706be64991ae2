// Configuration > Network: interfaces, names, firewall, SSH. What may cut off the administrator is offered on condition.

import { act } from "../part/act.js";
import { live, show } from "../part/ask.js";
import { h } from "../part/dom.js";
import { commandForm, folded } from "../part/form.js";
import { code, facts, note, onOff, section, state, table } from "../part/view.js";
import { watched } from "../part/watched.js";
import dns from "./network-dns.js";
import firewall from "./network-firewall.js";

const TABS = [["interfaces", "Interfaces"], ["dns", "DNS"], ["firewall", "Firewall"], ["ssh", "SSH and host name"]];

export default async function network([tab = "interfaces", letter]) {
  const letters = await live("interfaces");
  const chosen = letters.includes(letter) ? letter : letters[0];
  const content = { interfaces: () => ports(letters, chosen), dns: () => dns(), firewall: () => [chooser("firewall", letters, chosen), firewall(chosen)], ssh }[tab] ?? (() => ports(letters, chosen));
  return {
    title: "Network",
    content: [
      h("nav", { class: "tabs", "aria-label": "Parts of Network" }, TABS.map(([name, title]) => h("a", { href: `#/network/${name}`, "aria-current": name === tab ? "true" : null }, title))),
      content(),
    ],
  };
}

const chooser = (tab, letters, chosen) =>
  letters.length < 2 ? null : h("nav", { class: "tabs", "aria-label": "Interfaces" }, letters.map((one) => h("a", { href: `#/network/${tab}/${one}`, "aria-current": one === chosen ? "true" : null }, `Interface ${one}`)));

function ports(letters, letter) {
  return [
    chooser("interfaces", letters, letter),
    watched(() => faults(letter)),
    h(
      "div",
      { class: "columns" },
      section("IPv4", {}, watched(() => four(letter))),
      section("IPv6", {}, watched(() => six(letter))),
      section("Link", {}, watched(() => link(letter))),
    ),
  ];
}

/** What is wrong with the interface, each fault once. */
async function faults(letter) {
  const all = await Promise.all(["iface", "ipv4", "ipv6"].map((family) => show(`${family} ${letter}`)));
  return [...new Set(all.map((one) => one.fault).filter(Boolean))].map((fault) => note("bad", fault));
}

async function four(letter) {
  const now = await show(`ipv4 ${letter}`);
  return [
    facts([
      ["State", onOff(now.enabled)],
      ["Address", now.address ? `${now.address}/${now.prefixlen}${now.dhcp ? " (DHCP)" : ""}` : null],
      ["Gateway", now.gateway],
      ["Default interface", now.default ? "yes" : "no"],
      ["In the system now", now.observed_addresses.map((one) => h("div", {}, one))],
    ]),
    routes("ipv4", letter, now.routes),
    h(
      "div",
      { class: "actions" },
      act(now.enabled ? "Turn off" : "Turn on", ["ipv4", letter, now.enabled ? "disable" : "enable"], { name: `Turn IPv4 ${now.enabled ? "off" : "on"} on interface ${letter}`, risky: true, danger: now.enabled }),
      now.dhcp ? null : act("Use DHCP", ["ipv4", letter, "dhcp"], { name: `Take the address of interface ${letter} from DHCP`, risky: true }),
      now.default ? null : act("Make default", ["ipv4", letter, "default"], { name: `Make ${letter} the default interface`, risky: true }),
      now.address && !now.dhcp ? act("Remove address", ["ipv4", letter, "del"], { name: `Remove the address of interface ${letter}`, risky: true, danger: true }) : null,
    ),
    folded(
      "Set a static address",
      commandForm({
        fields: [
          { name: "address", label: "Address and prefix length", placeholder: "192.0.2.10/24", hint: "Turns DHCP off and the interface on." },
          { name: "gateway", label: "Gateway", placeholder: "192.0.2.1", hint: "In the same subnet." },
        ],
        words: (v) => ["ipv4", letter, "add", v.address, v.gateway],
        button: "Set address",
        risky: true,
      }),
    ),
    folded("Add a static route", routeForm("ipv4", letter, "198.51.100.0/24")),
  ];
}

async function six(letter) {
  const now = await show(`ipv6 ${letter}`);
  return [
    facts([
      ["State", onOff(now.enabled)],
      ["From routers (SLAAC)", onOff(now.slaac)],
      ["Static router", now.router],
      ["In the system now", now.observed_addresses.map((one) => h("div", {}, one))],
    ]),
    table(
      "Static IPv6 addresses",
      [
        { title: "Static address", cell: (row) => code(row) },
        { title: "Actions", kind: "actions", cell: (row) => act("Remove", ["ipv6", letter, "del", row], { name: `Remove ${row}`, risky: true, danger: true }) },
      ],
      now.addresses,
      "No static addresses.",
    ),
    routes("ipv6", letter, now.routes),
    h(
      "div",
      { class: "actions" },
      act(now.enabled ? "Turn off" : "Turn on", ["ipv6", letter, now.enabled ? "disable" : "enable"], { name: `Turn IPv6 ${now.enabled ? "off" : "on"} on interface ${letter}`, risky: true, danger: now.enabled }),
      act(now.slaac ? "SLAAC off" : "SLAAC on", ["ipv6", letter, "slaac", now.slaac ? "disable" : "enable"], { name: `${now.slaac ? "Leave" : "Take"} addresses from routers on interface ${letter}`, risky: true }),
      now.router ? act("Remove router", ["ipv6", letter, "router", "del", now.router], { name: `Remove router ${now.router}`, risky: true, danger: true }) : null,
    ),
    folded(
      "Add a static address",
      commandForm({ fields: [{ name: "address", label: "Address and prefix length", placeholder: "2001:db8::10/64" }], words: (v) => ["ipv6", letter, "add", v.address], button: "Add address", risky: true }),
    ),
    folded(
      "Set the static router",
      commandForm({ fields: [{ name: "router", label: "Router", placeholder: "fe80::1" }], words: (v) => ["ipv6", letter, "router", "add", v.router], button: "Set router", risky: true }),
    ),
    folded("Add a static route", routeForm("ipv6", letter, "2001:db8:1::/48")),
  ];
}

const routes = (family, letter, list) =>
  table(
    "Static routes",
    [
      { title: "Static route", cell: (row) => code(row) },
      { title: "Actions", kind: "actions", cell: (row) => act("Remove", [family, letter, "route", "del", row], { name: `Remove route ${row}`, risky: true, danger: true }) },
    ],
    list,
    "No static routes.",
  );

const routeForm = (family, letter, placeholder) =>
  commandForm({ fields: [{ name: "network", label: "Network", placeholder, hint: "Through the gateway of this interface." }], words: (v) => [family, letter, "route", "add", v.network], button: "Add route", risky: true });

async function link(letter) {
  const now = await show(`iface ${letter}`);
  const mode = typeof now.configured.mode === "string" ? { default: "auto-negotiation", auto: "auto-negotiation", off: "negotiation off" }[now.configured.mode] : now.configured.mode.fixed?.join(" Mbit/s ");
  return [
    facts([
      ["Link", now.carrier ? state("up", "good") : state(now.mac ? "no cable" : "absent", "warn")],
      ["Speed", now.speed ? `${now.speed} Mbit/s ${now.duplex ?? ""}` : null],
      ["Set", mode],
      ["MAC address", now.mac ? code(now.mac) : null],
      ["Largest packet", now.mtu ? `${now.mtu} bytes` : null],
    ]),
    folded(
      "Change speed",
      commandForm({
        fields: [{ name: "mode", label: "Link mode", kind: "select", options: [["auto", "Negotiate"], ["off", "Negotiation off"], ...["10", "100", "1000", "10000"].flatMap((speed) => (speed === "10000" ? ["full"] : ["full", "half"]).map((duplex) => [`${speed} ${duplex}`, `${speed} Mbit/s ${duplex} duplex`]))] }],
        words: (v) => (v.mode === "auto" || v.mode === "off" ? ["iface", letter, "autoneg", v.mode === "auto" ? "on" : "off"] : ["iface", letter, ...v.mode.split(" ")]),
        button: "Set speed",
        risky: true,
        clear: false,
      }),
    ),
    folded(
      "Change the largest packet (MTU)",
      commandForm({ fields: [{ name: "mtu", label: "Bytes", kind: "number", value: now.configured.mtu, hint: "576 to 1500" }], words: (v) => ["iface", letter, "mtu", v.mtu], button: "Set MTU", risky: true, clear: false }),
    ),
  ];
}

function ssh() {
  return h(
    "div",
    { class: "columns" },
    section("Host name", { about: "A new name takes effect at the next reboot." }, watched(async () => {
      const name = await show("hostname");
      return [
        facts([["In force", name.running], name.hostname !== name.running ? ["After a reboot", name.hostname] : null]),
        commandForm({ fields: [{ name: "name", label: "Host name", value: name.hostname }], words: (v) => ["hostname", v.name], button: "Set host name", clear: false }),
      ];
    })),
    section("SSH", { about: "Algorithms apply to new connections." }, watched(async () => {
      const [now, keys, own] = await Promise.all([show("ssh"), show("ssh keys"), show("ssh fingerprints")]);
      return [
        table(
          "Public keys of accounts",
          [
            { title: "User", cell: (row) => row.username },
            { title: "Key", kind: "wrap", cell: (row) => [code(row.fingerprint), h("div", { class: "soft" }, `${row.algorithm} ${row.comment}`)] },
            { title: "Actions", kind: "actions", cell: (row) => act("Remove", ["ssh", "keys", "del", row.username], { name: `Remove all keys of ${row.username}`, risky: true, danger: true }) },
          ],
          keys,
          "No account has a public key. Upload one as USER.pub in Files.",
        ),
        h("h3", {}, "Fingerprints of this appliance"),
        own.map((row) => h("div", {}, h("span", { class: "soft" }, `${row.algorithm} `), code(row.fingerprint))),
        commandForm({
          fields: [{ name: "set", label: "Algorithms", kind: "select", value: now.algorithms, options: [["modern", "Modern: without known weakness"], ["compatible", "Compatible: older ones too, SHA-1 among them"]] }],
          words: (v) => ["ssh", "algorithms", v.set],
          button: "Set algorithms",
          risky: true,
          clear: false,
        }),
      ];
    })),
  );
}
