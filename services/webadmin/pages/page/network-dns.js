// Network > DNS: forward zones, trust anchors, records, and looking a name up as the appliance does.

import { act } from "../part/act.js";
import { send, show } from "../part/ask.js";
import { add, h, say } from "../part/dom.js";
import { commandForm, field, folded } from "../part/form.js";
import { line } from "../part/quote.js";
import { code, refusalNote, section, table } from "../part/view.js";
import { watched } from "../part/watched.js";

const remove = (words, name) => act("Remove", words, { name, danger: true });

export default function dns() {
  return [
    h(
      "div",
      { class: "columns" },
      section("Forward zones", { about: "The longest matching zone wins; . is for all names." }, watched(zones)),
      section("Look up", { about: "As the appliance resolves it." }, lookup()),
    ),
    section("Records of its own", { about: "Answer the appliance's own components only." }, watched(records)),
    section("Trust anchors", { about: "What is below a trust anchor must validate (DNSSEC)." }, watched(anchors)),
  ];
}

async function zones() {
  const now = await show("dns");
  return [
    table(
      "Forward zones",
      [
        { title: "Zone", cell: (row) => code(row.domain) },
        { title: "Server", cell: (row) => code(row.server) },
        { title: "Actions", kind: "actions", cell: (row) => remove(["dns", "del", "forwardzone", row.domain, row.server], `Remove ${row.server} from zone ${row.domain}`) },
      ],
      now.forward_zones,
      "No forward zones: names are not resolved by a server of yours.",
    ),
    folded(
      "Add a forward zone",
      commandForm({
        fields: [
          { name: "domain", label: "Zone", value: ".", hint: "Or . for all names" },
          { name: "server", label: "Server", placeholder: "192.0.2.53" },
        ],
        words: (v) => ["dns", "add", "forwardzone", v.domain, v.server],
        button: "Add zone",
      }),
    ),
    h("div", { class: "actions" }, act("Empty the cache", ["dns", "flush"])),
  ];
}

async function records() {
  const now = await show("dns");
  return [
    table(
      "Records",
      [
        { title: "Record", kind: "wrap", cell: (row) => code(row) },
        {
          title: "Actions",
          kind: "actions",
          cell: (row) => {
            const [owner, , , type] = row.split(/\s+/u);
            return remove(["dns", "del", "rr", owner, type], `Remove the ${type} records of ${owner}`);
          },
        },
      ],
      now.records,
      "No records.",
    ),
    folded(
      "Add a record",
      commandForm({ fields: [{ name: "record", label: "Record", placeholder: "_sip._tcp.example.com. 86400 IN SRV 0 5 5060 sip.example.com.", hint: "OWNER [TTL] CLASS TYPE DATA" }], words: (v) => ["dns", "add", "rr", v.record], button: "Add record" }),
    ),
  ];
}

async function anchors() {
  const now = await show("dns");
  return [
    table(
      "Trust anchors",
      [
        { title: "Key", kind: "wrap", cell: (row) => code(typeof row === "string" ? row : row.record) },
      ],
      now.trust_anchors,
      "No trust anchors.",
    ),
    folded(
      "Add or remove a trust anchor",
      h(
        "div",
        { class: "stack" },
        commandForm({ fields: [{ name: "record", label: "DS or DNSKEY record", placeholder: ". IN DS 20326 8 2 E06D44B8..." }], words: (v) => ["dns", "add", "trustanchor", v.record], button: "Add trust anchor" }),
        commandForm({
          fields: [
            { name: "zone", label: "Zone", placeholder: "." },
            { name: "tag", label: "Key tag", kind: "number", placeholder: "20326" },
          ],
          words: (v) => ["dns", "del", "trustanchor", v.zone, v.tag],
          button: "Remove trust anchor",
        }),
      ),
    ),
  ];
}

function lookup() {
  const name = field({ name: "name", label: "Name", placeholder: "example.com" });
  const type = field({ name: "type", label: "Type", kind: "select", options: [["a", "A: IPv4"], ["aaaa", "AAAA: IPv6"], ["srv", "SRV: services"]] });
  const answer = h("div", { class: "notes", role: "status" });
  return h(
    "form",
    {
      novalidate: true,
      onsubmit: async (event) => {
        event.preventDefault();
        if (!name.value()) return name.input.focus();
        say("Looking up");
        try {
          const { value } = await send(line("dns", "lookup", type.value(), name.value()));
          answer.replaceChildren(h("pre", {}, (value ?? []).join("\n") || "No records."));
        } catch (error) {
          answer.replaceChildren();
          add(answer, [refusalNote(error)]);
        }
        return undefined;
      },
    },
    h("div", { class: "fields" }, name.element, type.element),
    h("div", { class: "actions" }, h("button", { type: "submit" }, "Look up")),
    answer,
  );
}
