// A form that comes down to one MMP line: fields, the line as it will be sent, and its refusal beside it.

import { send } from "./ask.js";
import { commandBox, tried, trialTick } from "./command.js";
import { add, freshId, h, say } from "./dom.js";
import { NotALine, line } from "./quote.js";
import { changed } from "./news.js";
import { refusalNote } from "./view.js";

/**
 * A field. `kind`: text (default), number, password, select (`options`: words or [word, label]), check.
 * `suggest` lists values that exist. `optional`: true, or `quietly` where the label need not say so.
 */
export function field(spec) {
  const id = freshId(spec.name);
  const hint = spec.hint ? h("span", { class: "hint", id: `${id}-hint` }, spec.hint) : null;
  const common = { id, name: spec.name, "aria-describedby": hint ? `${id}-hint` : null };
  if (spec.kind === "check") {
    const input = h("input", { ...common, type: "checkbox", checked: Boolean(spec.value) });
    return { input, element: h("div", { class: "field" }, h("div", { class: "tick" }, input, h("label", { for: id }, spec.label)), hint), value: () => input.checked };
  }
  let input;
  let list = null;
  if (spec.kind === "select") {
    input = h(
      "select",
      common,
      spec.options.map((option) => {
        const [value, label] = Array.isArray(option) ? option : [option, option];
        return h("option", { value }, label);
      }),
    );
    if (spec.value !== undefined && spec.value !== null) input.value = spec.value;
  } else {
    const listId = spec.suggest?.length ? `${id}-list` : null;
    input = h("input", {
      ...common,
      type: spec.kind === "password" ? "password" : "text",
      inputmode: spec.kind === "number" ? "numeric" : null,
      value: spec.value ?? "",
      placeholder: spec.placeholder,
      autocomplete: spec.autocomplete ?? "off",
      autocapitalize: "off",
      spellcheck: "false",
      list: listId,
      "aria-required": spec.optional ? null : "true",
    });
    if (listId) list = h("datalist", { id: listId }, spec.suggest.map((value) => h("option", { value })));
  }
  const label = h("label", { for: id }, spec.label, spec.optional === true ? h("span", { class: "soft" }, " (optional)") : null);
  return { input, element: h("div", { class: "field" }, label, input, list, hint), value: () => input.value.trim() };
}

/**
 * `fields`: specs; `words(values)`: the words of the line, or null while it is not whole; `risky(values)` or true: offered
 * on condition; `confirmed`: a command that asks. After success the fields that were typed into are empty again if `clear`.
 */
export function commandForm({ fields, words, button, risky = false, confirmed = false, clear = true, busy = "Working" }) {
  const made = fields.map(field);
  const problem = h("div", { class: "notes", role: "alert" });
  const box = commandBox();
  const trial = risky ? trialTick(() => refresh()) : null;
  const values = () => Object.fromEntries(fields.map((spec, index) => [spec.name, made[index].value()]));
  const missing = () => fields.findIndex((spec, index) => !spec.optional && spec.kind !== "check" && made[index].value() === "");
  const compose = () => {
    if (missing() >= 0) return "";
    const list = words(values());
    return list ? tried(line(...list), trial?.checked()) : "";
  };
  const refresh = () => {
    try {
      box.set(compose());
    } catch (error) {
      if (!(error instanceof NotALine)) throw error;
      box.set("");
    }
  };
  const submit = h("button", { type: "submit", class: "main" }, button);
  const blame = (index, error) => {
    const input = made[index]?.input;
    problem.replaceChildren();
    add(problem, [refusalNote(error)]);
    if (!input) return;
    input.setAttribute("aria-invalid", "true");
    input.focus();
  };
  const form = h(
    "form",
    {
      novalidate: true,
      oninput: (event) => {
        event.target.removeAttribute("aria-invalid");
        refresh();
      },
      onsubmit: async (event) => {
        event.preventDefault();
        problem.replaceChildren();
        const gap = missing();
        if (gap >= 0) return blame(gap, { message: `${fields[gap].label} is missing.` });
        let text;
        try {
          text = compose();
        } catch (error) {
          return blame(0, error);
        }
        if (!text) return undefined;
        submit.disabled = true;
        say(busy);
        try {
          const answer = await send(text, confirmed);
          if (clear) form.reset();
          refresh();
          await changed(text, answer);
        } catch (error) {
          blame(guilty(fields, made, error), error);
        } finally {
          submit.disabled = false;
        }
        return undefined;
      },
    },
    h("div", { class: "fields" }, made.map((one) => one.element)),
    box,
    trial?.label ?? null,
    problem,
    h("div", { class: "actions" }, submit),
  );
  refresh();
  return form;
}

/** The field whose value the refusal names; otherwise the first. */
function guilty(fields, made, error) {
  const named = made.findIndex((one, index) => fields[index].kind !== "check" && one.value() && `${error.message} ${error.hint}`.includes(one.value()));
  return Math.max(named, 0);
}

/** A form behind a line that opens it. */
export const folded = (title, form) => h("details", {}, h("summary", {}, title), form);
