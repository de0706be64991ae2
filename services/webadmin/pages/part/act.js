// A button that asks before it sends a line; the command is shown first.

import { run } from "./command.js";
import { h } from "./dom.js";
import { line } from "./quote.js";

/** `words`: of the line. `name`: the whole sense, for the dialog's title and the screen reader; rest as `run`. */
export function act(label, words, options = {}) {
  const { name, danger } = options;
  return h(
    "button",
    { type: "button", class: danger ? "small danger" : "small", "aria-label": name ? `${label}: ${name}` : null, onclick: () => void run(line(...words), { title: name ?? label, button: label, ...options }) },
    label,
  );
}
