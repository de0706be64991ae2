// Questions: the command that is going to be sent, and a way back. Escape is the way back.

import { freshId, h } from "./dom.js";

/**
 * Shows a dialog until `done` is called or it is left. `make(done)` gives the content.
 * Focus goes back to where it was.
 */
export function open(title, make) {
  return new Promise((resolve) => {
    const id = freshId("dialog");
    const before = document.activeElement;
    const box = h("dialog", { "aria-labelledby": id });
    const done = (value) => {
      box.close();
      resolve(value);
    };
    box.append(h("div", { class: "stack" }, h("h2", { id }, title), make(done)));
    box.addEventListener("close", () => {
      box.remove();
      if (before?.isConnected) before.focus();
      resolve(null);
    });
    document.body.append(box);
    box.showModal();
  });
}
