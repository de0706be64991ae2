// Configuration > Certificates: keys, requests and certificates of the folder; making, checking and assigning them.

import { act } from "../part/act.js";
import { files } from "../part/alarms.js";
import { request, send, show } from "../part/ask.js";
import { commandBox } from "../part/command.js";
import { open } from "../part/dialog.js";
import { add, h, say } from "../part/dom.js";
import { commandForm, field, folded } from "../part/form.js";
import { changed } from "../part/news.js";
import { line } from "../part/quote.js";
import { code, facts, note, refusalNote, section, table } from "../part/view.js";
import { maybe, watched } from "../part/watched.js";
import { bytes } from "../part/words.js";

const KINDS = [[/\.key$/u, "private key"], [/\.csr$/u, "request"], [/\.(crt|cer|pem|der)$/u, "certificate"]];
const kind = (name) => KINDS.find(([pattern]) => pattern.test(name))?.[1];
const named = (list, what) => list.filter((file) => kind(file.name) === what).map((file) => file.name);

export default async function certificates() {
  return {
    title: "Certificates",
    side: h("a", { class: "button", href: "#/files" }, "Upload files"),
    content: [
      section("Keys and certificates", {}, watched(folder)),
      h("div", { class: "columns" }, section("Web Admin's certificate", { about: "A replaced file takes effect at a restart of Web Admin; connections stay." }, watched(assigned)), section("Make a key", {}, make())),
      h("div", { class: "columns" }, section("Check", {}, watched(checks)), section("TLS of Web Admin", {}, watched(versions))),
    ],
  };
}

async function folder() {
  const all = ((await files()) ?? []).filter((file) => kind(file.name));
  const uses = (await maybe(show("pki"))) ?? [];
  return table(
    "Keys and certificates",
    [
      { title: "File", cell: (row) => code(row.name) },
      { title: "Kind", cell: (row) => kind(row.name) },
      { title: "Used by", kind: "wrap", cell: (row) => uses.filter((use) => use.file === row.name).map((use) => h("div", {}, `${use.service}, ${use.purpose}`, use.fault ? [": ", use.fault] : null)) },
      { title: "Size", kind: "number", cell: (row) => bytes(row.size) },
      {
        title: "Actions",
        kind: "actions",
        cell: (row) => [
          h("button", { type: "button", class: "small", "aria-label": `Inspect ${row.name}`, onclick: () => void inspect(row.name) }, "Inspect"),
          kind(row.name) === "private key" ? null : h("a", { class: "button small", href: `/api/mmp/v1/files/${encodeURIComponent(row.name)}`, download: row.name }, "Download"),
        ],
      },
    ],
    all,
    "No keys or certificates. Make a request or a self-signed pair, or upload files.",
  );
}

/** Shows what is in a file. */
const inspect = (name) =>
  open(name, (done) => {
    const text = h("div", { class: "log", tabindex: "0" }, "Reading");
    send(line("pki", "inspect", name)).then(
      (answer) => text.replaceChildren(h("pre", {}, said(answer))),
      (error) => text.replaceChildren(refusalNote(error)),
    );
    return [text, h("div", { class: "actions" }, h("button", { type: "button", class: "main", onclick: () => done(null) }, "Close"))];
  });

/** What a command that answers in text said. */
const said = (answer) => [answer.text, answer.notice, typeof answer.value === "string" && answer.value !== answer.notice ? answer.value : ""].filter(Boolean).join("\n");

function make() {
  const attributes = [
    { name: "base", label: "Name of the files", placeholder: "onecert", hint: "Letters, digits, - and _" },
    { name: "CN", label: "Common name", placeholder: "cms.example.com", hint: "The full name of the service" },
    { name: "subjectAltName", label: "Alternative names", placeholder: "cms.example.com,join.example.com", hint: "With commas, no blanks; repeat the common name", optional: true },
    { name: "O", label: "Organisation", optional: true },
    { name: "OU", label: "Unit", optional: true },
    { name: "L", label: "Place", optional: true },
    { name: "ST", label: "State or county", optional: true },
    { name: "C", label: "Country", placeholder: "GB", hint: "Two letters", optional: true },
    { name: "emailAddress", label: "E-mail", optional: true },
  ];
  const words = (command, v) => ["pki", command, v.base, ...attributes.slice(1).filter(({ name }) => v[name]).map(({ name }) => `${name}:${v[name]}`)];
  return h(
    "div",
    { class: "stack" },
    folded("Certificate request (CSR), to be signed by an authority", commandForm({ fields: attributes, words: (v) => words("csr", v), button: "Make key and request", busy: "Making a key" })),
    folded("Self-signed certificate", commandForm({ fields: [attributes[0], { ...attributes[1], optional: true, hint: "Empty: the host name" }, ...attributes.slice(2)], words: (v) => words("selfsigned", v), button: "Make key and certificate", busy: "Making a key" })),
    folded("Take the passphrase off a key", unlock()),
  );
}

/** The passphrase is a secret: a typed request, not a line. */
function unlock() {
  const file = field({ name: "file", label: "Key file", placeholder: "onecert.key" });
  const secret = field({ name: "passphrase", label: "Passphrase", kind: "password" });
  const problem = h("div", { class: "notes", role: "alert" });
  return h(
    "form",
    {
      novalidate: true,
      onsubmit: async (event) => {
        event.preventDefault();
        problem.replaceChildren();
        try {
          await request({ pki: { unlock: [file.value(), secret.input.value] } });
          event.target.reset();
          await changed(line("pki", "unlock", file.value()));
        } catch (error) {
          add(problem, [refusalNote(error)]);
          secret.input.focus();
        }
      },
    },
    h("div", { class: "fields" }, file.element, secret.element),
    problem,
    h("div", { class: "actions" }, h("button", { type: "submit", class: "main" }, "Unlock")),
  );
}

async function assigned() {
  const [web, all] = await Promise.all([show("webadmin"), files()]);
  const list = all ?? [];
  const now = web.settings.certs;
  return [
    facts([
      ["Key", now?.key],
      ["Certificate", now?.certificate],
      ["CA bundle", now?.bundle],
    ]),
    web.pending?.length ? note("warn", "Web Admin has to be restarted for this to take effect.", web.pending.join(" "), act("Restart Web Admin", ["webadmin", "restart"])) : null,
    commandForm({
      fields: [
        { name: "key", label: "Key", suggest: named(list, "private key"), value: now?.key },
        { name: "certificate", label: "Certificate", suggest: named(list, "certificate"), value: now?.certificate },
        { name: "bundle", label: "CA bundle", suggest: named(list, "certificate"), value: now?.bundle, optional: true, hint: "Intermediates in order, root last" },
      ],
      words: (v) => ["webadmin", "certs", v.key, v.certificate, ...(v.bundle ? [v.bundle] : [])],
      button: "Assign to Web Admin",
      clear: false,
    }),
  ];
}

async function checks() {
  const list = (await files()) ?? [];
  const both = { key: named(list, "private key"), certificate: named(list, "certificate") };
  return [
    check("Do key and certificate match?", "Compare", [{ name: "key", label: "Key", suggest: both.key }, { name: "certificate", label: "Certificate", suggest: both.certificate }], (v) => ["pki", "match", v.key, v.certificate]),
    check("Does the chain lead to a root?", "Verify", [{ name: "certificate", label: "Certificate", suggest: both.certificate }, { name: "bundle", label: "CA bundle", suggest: both.certificate }], (v) => ["pki", "verify", v.certificate, v.bundle]),
  ];
}

/** A question that changes nothing; its answer stays below it. */
function check(title, button, fields, words) {
  const made = fields.map(field);
  const box = commandBox();
  const result = h("div", { class: "notes", role: "status" });
  const text = () => (made.every((one) => one.value()) ? line(...words(Object.fromEntries(fields.map((spec, index) => [spec.name, made[index].value()])))) : "");
  box.set("");
  return h(
    "form",
    {
      novalidate: true,
      oninput: () => box.set(text()),
      onsubmit: async (event) => {
        event.preventDefault();
        if (!text()) return made.find((one) => !one.value()).input.focus();
        say("Checking");
        result.replaceChildren();
        try {
          add(result, [note("good", said(await send(text())) || "Yes.")]);
        } catch (error) {
          add(result, [refusalNote(error)]);
        }
        return undefined;
      },
    },
    h("h3", {}, title),
    h("div", { class: "fields" }, made.map((one) => one.element)),
    box,
    result,
    h("div", { class: "actions" }, h("button", { type: "submit" }, button)),
  );
}

async function versions() {
  const now = await show("tls webadmin");
  const rules = now.settings.webadmin;
  return [
    facts([
      ["Lowest version", `TLS ${rules.minimum}`],
      ["Ciphers", rules.ciphers ?? "the service's own choice"],
    ]),
    rules.minimum < "1.2" ? note("warn", "TLS below 1.2 is accepted.", "Whoever listens in can break it. Use it only for programs that cannot do better.") : null,
    commandForm({
      fields: [{ name: "minimum", label: "Lowest version", kind: "select", value: rules.minimum, options: [["1.3", "TLS 1.3"], ["1.2", "TLS 1.2 (usual)"], ["1.1", "TLS 1.1 (broken)"], ["1.0", "TLS 1.0 (broken)"]] }],
      words: (v) => ["tls", "webadmin", "min-tls-version", v.minimum],
      button: "Set lowest version",
      clear: false,
    }),
  ];
}
