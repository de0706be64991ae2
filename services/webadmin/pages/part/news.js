// What was done and what everybody should know: the notes on top of a page, and who wants to hear of changes.

import { add, h, say } from "./dom.js";
import { note } from "./view.js";

const hearers = new Set();
let place = null;

/** Where notes of this page go. */
export function notesAt(element) {
  place = element;
  hearers.clear();
}

/** Calls `hearer` after each change until the page is left. */
export const onChange = (hearer) => hearers.add(hearer);

let global = async () => {};
/** What is done after each change, whatever the page. */
export const always = (hearer) => {
  global = hearer;
};

/** Shows a note on top of the page, in the place of the one before. */
export function tell(kind, message, hint) {
  if (!place) return;
  place.replaceChildren();
  const close = h("button", { type: "button", class: "small quiet", "aria-label": "Close this note", onclick: () => place.replaceChildren() }, "Close");
  add(place, [note(kind, message, hint, close)]);
  say([typeof message === "string" ? message : "", hint].filter(Boolean).join(". "));
}

/** A line was carried out. */
export async function changed(line, answer) {
  tell("good", `Done: ${line}`, [answer?.text, answer?.notice].filter(Boolean).join("\n"));
  await Promise.allSettled([...hearers].map((hearer) => hearer()));
  await global();
}
