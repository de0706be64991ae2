// Configuration > Services: Web Admin itself with its checklist, and where the logs are handed on to.

import { act } from "../part/act.js";
import { live, show } from "../part/ask.js";
import { h } from "../part/dom.js";
import { commandForm, folded } from "../part/form.js";
import { facts, note, onOff, section, state, table } from "../part/view.js";
import { watched } from "../part/watched.js";
import { many, time } from "../part/words.js";

export default async function services() {
  return {
    title: "Services",
    content: [
      section("Web Admin", { about: "These pages and the API." }, watched(webadmin)),
      section("System log servers", { about: "A server that is away gets every line when it is back, as far as the log reaches." }, watched(() => forwarding("server"))),
      section("Audit log servers", {}, watched(() => forwarding("audit"))),
    ],
  };
}

async function webadmin() {
  const [now, letters] = await Promise.all([show("webadmin status"), live("interfaces")]);
  const { enabled, listen, certs, http_redirect: redirect } = now.settings;
  return [
    now.fault ? note("bad", now.fault) : null,
    (now.warnings ?? []).map((text) => note("warn", text)),
    now.pending?.length ? note("warn", "Settings wait for a restart.", now.pending.join(" ")) : null,
    facts([
      ["State", now.running ? state("running", "good") : state("not running", enabled ? "bad" : "")],
      ["Enabled", enabled ? "yes" : "no"],
      ["Listens on", listen ? `interface ${listen.interface}, port ${listen.port}` : null],
      ["Answers at", (now.listening ?? []).map((one) => h("div", {}, one))],
      ["Certificate", certs ? `${certs.certificate}, key ${certs.key}` : null],
      ["HTTP redirect", redirect ? "port 80 leads to HTTPS" : "off"],
    ]),
    h(
      "div",
      { class: "actions" },
      enabled
        ? act("Restart", ["webadmin", "restart"], { name: "Restart Web Admin", about: "Takes the settings and files as they are now. A pair that does not work is not taken: the one before goes on." })
        : act("Enable", ["webadmin", "enable"], { name: "Enable Web Admin" }),
      act(redirect ? "Redirect off" : "Redirect on", ["webadmin", "http-redirect", redirect ? "disable" : "enable"], { name: `Turn the HTTP redirect ${redirect ? "off" : "on"}` }),
      enabled ? act("Disable", ["webadmin", "disable"], { name: "Disable Web Admin", about: "These pages go away with it. Only the command line can enable it again.", danger: true, risky: true }) : null,
    ),
    folded(
      "Set where it listens",
      commandForm({
        fields: [
          { name: "interface", label: "Interface", kind: "select", options: letters, value: listen?.interface },
          { name: "port", label: "Port", kind: "number", value: listen?.port ?? "445", hint: "443 is often wanted by the web bridge" },
        ],
        words: (v) => ["webadmin", "listen", v.interface, v.port],
        button: "Set",
        risky: true,
        clear: false,
      }),
    ),
  ];
}

async function forwarding(which) {
  const now = await show(which === "audit" ? "syslog audit" : "syslog");
  const rows = which === "audit" ? now.audit_servers : now.servers ?? [];
  const start = which === "audit" ? ["syslog", "audit"] : ["syslog", "server"];
  return [
    table(
      which === "audit" ? "Audit log servers" : "System log servers",
      [
        { title: "Server", cell: (row) => `${row.server.host}:${row.server.port}` },
        { title: "Transport", cell: (row) => row.server.transport.toUpperCase() },
        { title: "State", cell: (row) => doing(row) },
        { title: "Details", kind: "wrap", cell: (row) => [behind(row.state), row.state?.error ? h("div", { class: "soft" }, `${time(row.state.error[0])}: ${row.state.error[1]}`) : null] },
        { title: "Actions", kind: "actions", cell: (row) => act("Remove", [...start, "del", row.server.host], { name: `Remove ${row.server.host}`, danger: true }) },
      ],
      rows,
      "No servers.",
    ),
    h(
      "div",
      { class: "actions" },
      h("span", {}, "Logs are handed on: ", onOff(now.enabled, ["yes", "no"])),
      which === "audit" ? null : act(now.enabled ? "Disable" : "Enable", ["syslog", now.enabled ? "disable" : "enable"], { name: now.enabled ? "Keep the logs here" : "Hand the logs on" }),
    ),
    folded(
      "Add a server",
      commandForm({
        fields: [
          { name: "host", label: "Server", placeholder: "logs.example.com" },
          { name: "transport", label: "Transport", kind: "select", options: [["tcp", "TCP"], ["tls", "TLS"], ["udp", "UDP: lines can be lost"]] },
          { name: "port", label: "Port", kind: "number", optional: true, hint: "514, and 6514 with TLS" },
        ],
        words: (v) => [...start, "add", v.host, ...(v.port ? [v.port] : []), v.transport],
        button: "Add server",
      }),
    ),
    which === "audit" ? null : folded("Certificates that vouch for servers over TLS", commandForm({ fields: [{ name: "file", label: "Bundle", value: now.trust ?? "", placeholder: "logs-ca.cer", hint: "An uploaded file; none for none" }], words: (v) => ["syslog", "trust", v.file], button: "Set", clear: false })),
  ];
}

const doing = ({ state: now, server }) => {
  if (!now) return state("off");
  if (now.connected) return state(server.transport === "udp" ? "sending" : "connected", "good");
  return state("not connected", "warn");
};

const behind = (now) => [now?.behind ? `${many(now.behind, "line")} behind` : "", now?.missing ? `${many(now.missing, "line")} lost` : ""].filter(Boolean).join(", ");
