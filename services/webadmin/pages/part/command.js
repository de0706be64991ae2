// The command that a page is about to send: shown, copyable, sent as it is shown, and what came of it.

import { send } from "./ask.js";
import { add, h, say } from "./dom.js";
import { open } from "./dialog.js";
import { changed } from "./news.js";
import { refusalNote } from "./view.js";

/** The box that shows a line. `set(text)` shows another one; `problem` is shown while there is none. */
export function commandBox(text = "") {
  const code = h("code", {}, text);
  const copy = h("button", { type: "button", class: "small quiet", onclick: () => void copyText(code.textContent, copy) }, "Copy");
  copy.setAttribute("aria-label", "Copy the command");
  const box = h("div", {}, h("div", { class: "command-label" }, "This is the command"), h("div", { class: "command" }, code, copy));
  box.set = (line) => {
    code.textContent = line || "Fill in the fields";
    code.classList.toggle("soft", !line);
    copy.hidden = !line;
  };
  box.set(text);
  return box;
}

async function copyText(text, button) {
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = "Copied";
    say("The command was copied");
  } catch {
    button.textContent = "Select it by hand";
  }
  setTimeout(() => {
    button.textContent = "Copy";
  }, 2000);
}

/** Seconds that a change on condition waits for its confirmation. */
export const TRIAL = 120;

/** The line, on condition or not. */
export const tried = (line, on) => (on && line ? `try ${line}` : line);

/** The tick box of a change that may cut off whoever makes it. */
export function trialTick(onchange) {
  const box = h("input", { type: "checkbox", checked: true, onchange });
  const label = h("label", { class: "tick" }, box, h("span", {}, "Undo it by itself unless I confirm within 2 minutes. ", h("span", { class: "soft" }, "This change may cut you off.")));
  return { label, checked: () => box.checked };
}

/**
 * Asks before a line is sent: shows it, sends it, and tells what came of it. Gives the answer, or null when left.
 * `risky` offers the change on condition; `confirmed` is for commands that ask; `typed` is a word to type first.
 */
export function run(line, { title, about, button = "Run", danger = false, risky = false, confirmed = false, typed, onText } = {}) {
  return open(title ?? "Run this command?", (done) => {
    const problem = h("div", { class: "notes", role: "alert" });
    const box = commandBox(line);
    const trial = risky ? trialTick(() => box.set(current())) : null;
    const current = () => tried(line, trial?.checked());
    box.set(current());
    const word = typed ? h("input", { autocomplete: "off", spellcheck: "false", oninput: () => (go.disabled = word.value !== typed) }) : null;
    const go = h("button", { type: "submit", class: danger ? "danger" : "main", disabled: Boolean(typed) }, button);
    const submit = async (event) => {
      event.preventDefault();
      go.disabled = true;
      problem.replaceChildren();
      say("Working");
      try {
        const answer = await send(current(), confirmed);
        onText?.(answer);
        done(answer);
        await changed(current(), answer);
      } catch (error) {
        add(problem, [refusalNote(error)]);
        go.disabled = false;
        go.focus();
      }
    };
    const cancel = h("button", { type: "button", onclick: () => done(null) }, "Cancel");
    return h("form", { novalidate: true, onsubmit: submit }, [
      about ? h("p", {}, about) : null,
      box,
      trial?.label ?? null,
      word ? h("div", { class: "field" }, h("label", {}, `Type ${typed} to go on`, word)) : null,
      problem,
      h("div", { class: "actions" }, cancel, go),
    ]);
  });
}
