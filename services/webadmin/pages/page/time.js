// Configuration > Time: time servers and what the clock follows, the zone, and the clock itself.

import { act } from "../part/act.js";
import { live, show } from "../part/ask.js";
import { h } from "../part/dom.js";
import { commandForm, folded } from "../part/form.js";
import { facts, section, state, table } from "../part/view.js";
import { maybe, watched } from "../part/watched.js";

const TALLY = { "*": ["followed", "good"], "+": ["combined", "good"], "-": ["not combined", ""], x: ["wrong", "bad"], "~": ["too variable", "warn"], "?": ["unreachable", "warn"] };

export default async function time() {
  const zones = await live("timezones").catch(() => []);
  return {
    title: "Time",
    content: [
      section("Time servers", { about: "At most 5. Changes apply at once." }, watched(servers)),
      h(
        "div",
        { class: "columns" },
        section("Time zone", { about: "Every service follows a new zone from the next reboot." }, watched(async () => {
          const zone = await show("timezone");
          return [
            facts([["In force", zone.running], zone.timezone !== zone.running ? ["After a reboot", zone.timezone] : null]),
            commandForm({ fields: [{ name: "zone", label: "Time zone", value: zone.timezone, suggest: zones, hint: "Region/City, such as Europe/London" }], words: (v) => ["timezone", v.zone], button: "Set time zone", clear: false }),
          ];
        })),
        section("Clock", { about: "To be set by hand only without time servers." }, watched(async () => {
          const now = await show("date");
          return [
            facts([["Local time", now.local], ["UTC", now.utc]]),
            folded(
              "Set the clock",
              commandForm({
                fields: [
                  { name: "date", label: "Date", placeholder: "2026-10-05", hint: "YYYY-MM-DD" },
                  { name: "time", label: "Time, UTC", placeholder: "13:04", hint: "HH:MM" },
                ],
                words: (v) => ["date", "set", v.date, v.time],
                button: "Set clock",
              }),
            ),
          ];
        })),
      ),
    ],
  };
}

async function servers() {
  const [hosts, sources] = await Promise.all([show("ntp server list"), maybe(show("ntp status"))]);
  return [
    table(
      "Time servers",
      [
        { title: "Server", cell: (row) => row },
        { title: "Actions", kind: "actions", cell: (row) => act("Remove", ["ntp", "server", "del", row], { name: `Remove time server ${row}`, danger: true }) },
      ],
      hosts,
      "No time servers: the clock runs by itself.",
    ),
    sources?.length
      ? table(
          "What the clock follows",
          [
            { title: "Source", cell: (row) => row.remote },
            { title: "State", cell: (row) => state(...(TALLY[row.tally] ?? ["waiting", ""])) },
            { title: "Stratum", kind: "number", cell: (row) => String(row.stratum) },
            { title: "Last answer", kind: "number", cell: (row) => (row.when === null ? "never" : `${row.when} s ago`) },
            { title: "Offset", kind: "number", cell: (row) => `${row.offset} ms` },
            { title: "Delay", kind: "number", cell: (row) => `${row.delay} ms` },
          ],
          sources,
          "",
        )
      : null,
    folded("Add a time server", commandForm({ fields: [{ name: "host", label: "Server", placeholder: "ntp1.example.com", hint: "Address or DNS name" }], words: (v) => ["ntp", "server", "add", v.host], button: "Add server" })),
    folded("Symmetric key", commandForm({ fields: [{ name: "file", label: "Key file", placeholder: "ntp.key", hint: "An uploaded file, shared by all servers; none for no key" }], words: (v) => ["ntp", "groupkey", v.file], button: "Set key" })),
  ];
}
