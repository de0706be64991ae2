// Maintenance > Backup and restore: backups of the whole configuration, restore points of the settings, factory reset.

import { act } from "../part/act.js";
import { request, show } from "../part/ask.js";
import { open } from "../part/dialog.js";
import { h } from "../part/dom.js";
import { commandForm, field } from "../part/form.js";
import { changed } from "../part/news.js";
import { line } from "../part/quote.js";
import { code, note, refusalNote, section, table } from "../part/view.js";
import { bytes, time } from "../part/words.js";
import { watched } from "../part/watched.js";

export default async function backup() {
  return {
    title: "Backup and restore",
    content: [
      section("Backups", { about: "The whole configuration with license, certificates, keys and accounts, encrypted. A rollback restarts the appliance." }, watched(backups)),
      section("Restore points", { about: "Every change of the settings makes one; the last 64 are kept. Files are not in them." }, watched(points)),
      section("Factory reset", {}, reset()),
    ],
  };
}

async function backups() {
  const rows = await show("backup list");
  return [
    table(
      "Backups",
      [
        { title: "Name", cell: (row) => code(row.name) },
        { title: "Taken", cell: (row) => time(row.modified) },
        { title: "Size", kind: "number", cell: (row) => bytes(row.size) },
        {
          title: "Actions",
          kind: "actions",
          cell: (row) => [
            h("a", { class: "button small", href: `/api/mmp/v1/files/${encodeURIComponent(row.name)}.bak`, download: `${row.name}.bak`, "aria-label": `Download ${row.name}.bak` }, "Download"),
            h("button", { type: "button", class: "small danger", "aria-label": `Go back to ${row.name}`, onclick: () => void rollback(row.name) }, "Roll back"),
          ],
        },
      ],
      rows,
      "No backups.",
    ),
    commandForm({ fields: [{ name: "name", label: "Name of a new backup", placeholder: "before_upgrade", hint: "Letters, digits, - and _" }], words: (v) => ["backup", "snapshot", v.name], button: "Take a backup", busy: "Taking a backup" }),
    h("div", { class: "actions" }, h("button", { type: "button", class: "small", onclick: () => void key() }, "Show backup key"), h("span", { class: "soft" }, "Needed on another appliance. Write it down and keep it away from the files.")),
  ];
}

const key = () =>
  open("Backup key of this appliance", (done) => {
    const text = h("div", {}, "Reading");
    request({ backup: "key" }).then(
      (value) => text.replaceChildren(h("pre", {}, typeof value === "string" ? value : JSON.stringify(value))),
      (error) => text.replaceChildren(refusalNote(error)),
    );
    return [text, h("p", { class: "soft" }, "Who has it can read every backup of this appliance."), h("div", { class: "actions" }, h("button", { type: "button", class: "main", onclick: () => done(null) }, "Close"))];
  });

/** The key of another appliance is a secret: a typed request, not a line. */
async function rollback(name) {
  let check = null;
  let refused = null;
  try {
    check = await request({ backup: { check: name } });
  } catch (error) {
    refused = error;
  }
  return open(`Go back to ${name}?`, (done) => {
    if (refused) return [refusalNote(refused), h("div", { class: "actions" }, h("button", { type: "button", onclick: () => done(null) }, "Close"))];
    const secret = check.wants_key ? field({ name: "key", label: "Backup key of the appliance that took it", kind: "password" }) : null;
    const word = field({ name: "typed", label: `Type ${name} to go on` });
    const problem = h("div", { class: "notes", role: "alert" });
    const go = h("button", { type: "submit", class: "danger", disabled: true }, "Roll back and restart");
    return h(
      "form",
      {
        novalidate: true,
        oninput: () => {
          go.disabled = word.value() !== name;
        },
        onsubmit: async (event) => {
          event.preventDefault();
          go.disabled = true;
          try {
            await request({ backup: { rollback: { name, key: secret?.input.value ?? null } } });
            done(true);
            await changed(line("backup", "rollback", name), { notice: "The appliance restarts." });
          } catch (error) {
            problem.replaceChildren(refusalNote(error));
            go.disabled = false;
          }
        },
      },
      h("p", {}, "The whole configuration is replaced and the appliance restarts. Calls end."),
      (check.warnings ?? []).map((text) => note("warn", text)),
      secret?.element ?? null,
      word.element,
      problem,
      h("div", { class: "actions" }, h("button", { type: "button", onclick: () => done(null) }, "Cancel"), go),
    );
  });
}

async function points() {
  const rows = await show("settings list");
  return table(
    "Restore points",
    [
      { title: "Number", cell: (row) => String(row.generation) },
      { title: "When", cell: (row) => time(row.at) },
      { title: "By", cell: (row) => row.user },
      { title: "Change", kind: "wrap", cell: (row) => code(row.line) },
      {
        title: "Actions",
        kind: "actions",
        cell: (row) => [
          h("button", { type: "button", class: "small", "aria-label": `Compare ${row.generation} with now`, onclick: () => void compare(row.generation) }, "Compare"),
          act("Restore", ["settings", "restore", String(row.generation)], { name: `Restore the settings of ${row.generation}`, confirmed: true, risky: true }),
        ],
      },
    ],
    rows,
    "No restore points yet.",
  );
}

const compare = (generation) =>
  open(`From ${generation} to now`, (done) => {
    const text = h("div", { class: "stack" }, "Comparing");
    show(line("settings", "compare", String(generation))).then(
      (rows) => text.replaceChildren(...(rows.length ? rows.map(difference) : [h("p", {}, "Nothing differs.")])),
      (error) => text.replaceChildren(refusalNote(error)),
    );
    return [text, h("div", { class: "actions" }, h("button", { type: "button", class: "main", onclick: () => done(null) }, "Close"))];
  });

const difference = (row) => h("div", {}, h("h3", {}, row.family), h("pre", {}, [...row.removed.map((one) => `- ${one}`), ...row.added.map((one) => `+ ${one}`)].join("\n")));

function reset() {
  return [
    h("p", {}, "Download the backups and write down the backup key before a full reset: they are erased too."),
    h(
      "div",
      { class: "actions" },
      act("Reset application", ["factory_reset", "app"], { name: "Erase the application's configuration?", about: "Addresses, accounts and certificates stay. The appliance restarts.", danger: true, confirmed: true, typed: "reset" }),
      act("Reset everything", ["factory_reset", "full"], { name: "Erase everything?", about: "What remains is a new appliance without address, accounts and backups: it can be reached at its console only.", danger: true, confirmed: true, typed: "erase everything" }),
    ),
  ];
}
