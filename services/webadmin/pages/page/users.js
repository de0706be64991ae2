// Configuration > Users: accounts, what they are bound to, and the rules for passwords and logins.
// Passwords go by typed requests, never in a line.

import { act } from "../part/act.js";
import { request, show } from "../part/ask.js";
import { open } from "../part/dialog.js";
import { h } from "../part/dom.js";
import { commandForm, field, folded } from "../part/form.js";
import { changed } from "../part/news.js";
import { line } from "../part/quote.js";
import { session } from "../part/session.js";
import { code, facts, note, refusalNote, section, state, table } from "../part/view.js";
import { watched } from "../part/watched.js";
import { span, time } from "../part/words.js";

const ROLES = [["admin", "admin: everything"], ["crypto", "crypto: keys and certificates"], ["audit", "audit: the audit log"], ["appadmin", "appadmin: applications, no command line"], ["api", "api: the REST API only"]];

export default async function users() {
  return {
    title: "Users",
    side: h("button", { type: "button", onclick: () => void ownPassword() }, "Change my password"),
    content: [section("Accounts", {}, watched(accounts)), section("Add an account", { about: "The account must choose a password of its own at its first login." }, addForm()), section("Rules for passwords and logins", {}, watched(rules))],
  };
}

async function accounts() {
  const rows = await show("user list");
  return table(
    "Accounts",
    [
      { title: "User", cell: (row) => h("strong", {}, row.username) },
      { title: "Role", cell: (row) => row.role },
      { title: "Password expires", cell: (row) => row.password_expiry },
      { title: "Now", cell: (row) => (row.logged_in ? state("signed in", "good") : state("away")) },
      { title: "Actions", kind: "actions", cell: (row) => h("button", { type: "button", class: "small", "aria-label": `Details of ${row.username}`, onclick: () => void details(row.username) }, "Details") },
    ],
    rows,
    "No accounts.",
  );
}

/** Everything about one account, and what can be done with it. */
const details = (name) =>
  open(`Account ${name}`, (done) => {
    const body = watched(async () => {
      const now = await show(line("user", "info", name));
      return [
        facts([
          ["Role", now.role],
          ["Last login", now.last_login ? `${time(now.last_login.at)} from ${now.last_login.origin}` : "never"],
          ["Failed logins since", String(now.failed_logins)],
          ["Password", `changed ${now.last_password_change}, expires ${now.password_expiry}`],
          ["Lock", now.locked ? state(lock(now.lock), "bad") : state("not locked", "good")],
          ["May come from", now.hosts.length ? now.hosts.map((host) => h("div", { class: "actions" }, code(host), act("Remove", ["user", "host", name, "delete", host], { name: `Remove host ${host}`, risky: true, danger: true }))) : "everywhere"],
          ["Duty hours", now.duty ?? "at any time"],
        ]),
        h(
          "div",
          { class: "actions" },
          now.locked ? act("Unlock", ["user", "unlock", name], { name: `Unlock ${name}` }) : null,
          name === session.user ? null : h("button", { type: "button", class: "small", onclick: () => void resetPassword(name) }, "Set password"),
          act("Expire password", ["user", "expire", name], { name: `Make ${name} choose a new password` }),
          act("End logins", ["user", "evict", name], { name: `End the logins of ${name}` }),
          name === session.user ? null : act("Delete", ["user", "del", name], { name: `Delete account ${name}`, danger: true, typed: name }),
        ),
        folded("Add a host that it may come from", commandForm({ fields: [{ name: "host", label: "Host", placeholder: "192.0.2.3" }], words: (v) => ["user", "host", name, "add", v.host], button: "Add host", risky: true })),
        folded(
          "Set duty hours",
          commandForm({ fields: [{ name: "duty", label: "Duty hours", value: now.duty ?? "", placeholder: "Wk0700-1900|Sa", hint: "Mo Tu We Th Fr Sa Su, Wk, Wd, Al, then HHMM-HHMM; none: at any time" }], words: (v) => ["user", "duty", name, v.duty], button: "Set duty hours", risky: true, clear: false }),
        ),
      ];
    });
    return [body, h("div", { class: "actions" }, h("button", { type: "button", onclick: () => done(null) }, "Close"))];
  });

function lock(why) {
  if (why && typeof why === "object" && "failed" in why) return `too many wrong passwords, until ${time(why.failed)}`;
  if (why && typeof why === "object" && "idle" in why) return `no login for ${span(why.idle * 86400)}`;
  return "locked";
}

/** Two equal new passwords; `extra` fields come before them. */
function secretForm({ extra = [], own = false, button, ask, title }) {
  const before = extra.map(field);
  const old = own ? field({ name: "old", label: "Present password", kind: "password", autocomplete: "current-password" }) : null;
  const fresh = field({ name: "new", label: "New password", kind: "password", autocomplete: "new-password" });
  const again = field({ name: "again", label: "New password again", kind: "password", autocomplete: "new-password" });
  const problem = h("div", { class: "notes", role: "alert" });
  const blame = (input, error) => {
    problem.replaceChildren(refusalNote(error));
    input.setAttribute("aria-invalid", "true");
    input.focus();
  };
  return h(
    "form",
    {
      novalidate: true,
      oninput: (event) => event.target.removeAttribute("aria-invalid"),
      onsubmit: async (event) => {
        event.preventDefault();
        const form = event.currentTarget;
        problem.replaceChildren();
        const gap = before.findIndex((one) => !one.value());
        if (gap >= 0) return blame(before[gap].input, { message: `${extra[gap].label} is missing.` });
        if (!fresh.input.value) return blame(fresh.input, { message: "New password is missing." });
        if (fresh.input.value !== again.input.value) return blame(again.input, { message: "The new passwords are not the same." });
        const values = Object.fromEntries(extra.map((spec, index) => [spec.name, before[index].value()]));
        try {
          await ask(values, fresh.input.value, old?.input.value);
          form.reset();
          await changed(title(values), { notice: own ? "Your other logins have ended." : "The password is temporary: it must be changed at the next login." });
        } catch (error) {
          blame(before[0]?.input ?? fresh.input, error);
        }
        return undefined;
      },
    },
    h("div", { class: "fields" }, before.map((one) => one.element), old?.element, fresh.element, again.element),
    problem,
    h("div", { class: "actions" }, h("button", { type: "submit", class: "main" }, button)),
  );
}

const addForm = () =>
  secretForm({
    extra: [
      { name: "name", label: "User name", placeholder: "bob" },
      { name: "role", label: "Role", kind: "select", options: ROLES },
    ],
    button: "Add account",
    ask: ({ name, role }, password) => request({ user: { add: [name, role, password] } }),
    title: ({ name, role }) => line("user", "add", name, role),
  });

const resetPassword = (name) =>
  open(`Set the password of ${name}`, (done) => [
    note("", "The password is temporary: it must be changed at the next login."),
    secretForm({ button: "Set password", ask: (_, password) => request({ user: { reset: [name, password] } }).then(() => done(true)), title: () => line("passwd", name) }),
    h("div", { class: "actions" }, h("button", { type: "button", onclick: () => done(null) }, "Cancel")),
  ]);

const ownPassword = () =>
  open("Change my password", (done) => [
    secretForm({ own: true, button: "Change password", ask: (_, password, old) => request({ user: { changeown: { old, new: password } } }).then(() => done(true)), title: () => "passwd" }),
    h("div", { class: "actions" }, h("button", { type: "button", onclick: () => done(null) }, "Cancel")),
  ]);

async function rules() {
  const rows = await show("user rule");
  return [
    table(
      "Rules",
      [
        { title: "Rule", cell: (row) => code(row.rule) },
        { title: "Value", cell: (row) => String(row.value) },
        { title: "Actions", kind: "actions", cell: (row) => act("Take away", ["user", "rule", row.rule, "none"], { name: `Take away rule ${row.rule}`, risky: true }) },
      ],
      rows.filter((row) => row.value !== null),
      "No rule is set.",
    ),
    h("h3", {}, "Set a rule"),
    commandForm({
      fields: [
        { name: "rule", label: "Rule", kind: "select", options: rows.map((row) => row.rule) },
        { name: "value", label: "Value", placeholder: "12", hint: "A number, true, false, or none" },
      ],
      words: (v) => ["user", "rule", v.rule, v.value],
      button: "Set rule",
      risky: true,
    }),
  ];
}
