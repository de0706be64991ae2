// Network > Firewall: which packets an interface takes. Rules are tried in order.

import { act } from "../part/act.js";
import { show } from "../part/ask.js";
import { h } from "../part/dom.js";
import { commandForm } from "../part/form.js";
import { code, facts, onOff, section, state, table } from "../part/view.js";
import { watched } from "../part/watched.js";

const change = (label, words, name, danger) => act(label, words, { name, danger, risky: true });

export default function firewall(letter) {
  return section(
    `Firewall of interface ${letter}`,
    { about: "Rules are tried in order; the first that matches decides. Answers to what the appliance itself asked always pass." },
    watched(async () => {
      const { firewall: now } = await show(`firewall ${letter}`);
      const other = now.default === "deny" ? "allow" : "deny";
      return [
        table(
          "Firewall rules",
          [
            { title: "Tag", cell: (row) => String(row.tag) },
            { title: "Packets", cell: (row) => (row.policy === "allow" ? state("allow", "good") : state("deny", "bad")) },
            { title: "Service", cell: (row) => code(row.service) },
            { title: "From", cell: (row) => (row.from ? code(row.from) : "anywhere") },
            { title: "Actions", kind: "actions", cell: (row) => change("Remove", ["firewall", letter, "delete", String(row.tag)], `Remove rule ${row.tag}`, true) },
          ],
          now.rules,
          "No rules.",
        ),
        facts([
          ["Firewall", onOff(now.enabled, ["in force", "not in force: all packets are taken"])],
          ["Where no rule matches", now.default ?? "not set"],
        ]),
        h(
          "div",
          { class: "actions" },
          change(now.enabled ? "Turn off" : "Turn on", ["firewall", letter, now.enabled ? "disable" : "enable"], `Turn the firewall of ${letter} ${now.enabled ? "off" : "on"}`, false),
          change(`Default ${other}`, ["firewall", letter, "default", other], `Set the default of interface ${letter} to ${other}`, false),
        ),
        h("h3", {}, "Add a rule"),
        commandForm({
          fields: [
            { name: "policy", label: "Packets", kind: "select", options: [["allow", "Allow"], ["deny", "Deny"]] },
            { name: "port", label: "Port", placeholder: "443, 5060/udp or ssh" },
            { name: "from", label: "From", placeholder: "192.0.2.0/24", optional: true, hint: "IPv4 host or network" },
          ],
          words: (v) => ["firewall", letter, v.policy, v.port, ...(v.from ? ["from", v.from] : [])],
          button: "Add rule",
          risky: true,
        }),
      ];
    }),
  );
}
