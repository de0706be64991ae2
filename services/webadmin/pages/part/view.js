// What pages are made of: sections, facts, tables, states, notes.

import { add, freshId, h } from "./dom.js";

/** A section with its heading; a landmark of its own. */
export function section(title, { about, side } = {}, ...children) {
  const id = freshId("section");
  return h(
    "section",
    { class: "section", "aria-labelledby": id },
    h("header", {}, h("h2", { id }, title), side ?? null, about ? h("p", {}, about) : null),
    h("div", { class: "inner" }, children),
  );
}

/** Names and values. */
export function facts(pairs) {
  return h(
    "dl",
    { class: "facts" },
    pairs.filter(Boolean).map(([name, value]) => [h("dt", {}, name), h("dd", {}, empty(value) ? h("span", { class: "soft" }, "none") : value)]),
  );
}

const empty = (value) => value === null || value === undefined || value === "" || (Array.isArray(value) && value.length === 0);

/** A table. A column: `{ title, cell(row), kind }`; kind is `number`, `actions` or `wrap`. The first names its row. */
export function table(caption, columns, rows, none) {
  if (rows.length === 0) return h("p", { class: "empty" }, none);
  return h(
    "div",
    { class: "table", tabindex: "0", role: "group", "aria-label": caption },
    h(
      "table",
      {},
      h("caption", { class: "unseen" }, caption),
      h("thead", {}, h("tr", {}, columns.map((column) => h("th", { scope: "col", class: column.kind }, column.kind === "actions" ? h("span", { class: "unseen" }, column.title) : column.title)))),
      h(
        "tbody",
        {},
        rows.map((row) =>
          h(
            "tr",
            {},
            columns.map((column, index) => h(index === 0 ? "td" : "td", { class: column.kind }, column.cell(row) ?? "")),
          ),
        ),
      ),
    ),
  );
}

/** A state in a word; its mark has a shape as well as a colour. */
export const state = (word, kind = "") => h("span", { class: `state ${kind}` }, word);

/** On or off. */
export const onOff = (on, words = ["on", "off"]) => (on ? state(words[0], "good") : state(words[1]));

/** A note: `kind` is good, warn, bad or empty. */
export function note(kind, message, hint, ...buttons) {
  return h(
    "div",
    { class: `note ${kind}` },
    h("div", {}, kind === "bad" || kind === "warn" ? h("strong", {}, message) : message, hint ? h("span", { class: "hint" }, hint) : null),
    buttons.length ? h("div", { class: "actions" }, buttons) : null,
  );
}

/** What a refusal says. */
export const refusalNote = (error) =>
  note("bad", error.message || "This failed.", [error.state, error.hint].filter(Boolean).join(" "));

/** A part that fills itself; a refusal stays within it. Calling the returned `again` fills it anew. */
export function part(fill, waiting = "Reading") {
  const place = h("div", { class: "stack" }, h("p", { class: "soft" }, waiting));
  const again = async () => {
    let content;
    try {
      content = await fill(again);
    } catch (error) {
      content = refusalNote(error);
    }
    place.replaceChildren();
    add(place, [content]);
  };
  place.again = again;
  void again();
  return place;
}

/** Text that may be long. */
export const code = (text) => h("code", {}, text);
