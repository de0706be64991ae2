// The sign-in form: for the page, and again in a dialog when the session has ended with something half typed.

import { h, say } from "./dom.js";
import { field } from "./form.js";
import { signIn, wantsNewPassword } from "./session.js";
import { refusalNote } from "./view.js";

/** The form. `user` is set when the same person comes back. */
export function signInForm(done, user = "") {
  const name = field({ name: "user", label: "User name", autocomplete: "username", value: user });
  const password = field({ name: "password", label: "Password", kind: "password", autocomplete: "current-password" });
  const fresh = field({ name: "new", label: "New password", kind: "password", autocomplete: "new-password" });
  const again = field({ name: "again", label: "New password again", kind: "password", autocomplete: "new-password" });
  const change = h("div", { class: "stack", hidden: true }, fresh.element, again.element);
  const problem = h("div", { class: "notes", role: "alert" });
  const button = h("button", { type: "submit", class: "main" }, "Sign in");
  const blame = (input, error) => {
    problem.replaceChildren(refusalNote(error));
    input.setAttribute("aria-invalid", "true");
    input.focus();
  };
  const submit = async (event) => {
    event.preventDefault();
    problem.replaceChildren();
    for (const one of [name, password, fresh, again]) one.input.removeAttribute("aria-invalid");
    if (!name.value()) return blame(name.input, { message: "User name is missing." });
    const changing = !change.hidden;
    if (changing && !fresh.input.value) return blame(fresh.input, { message: "New password is missing." });
    if (changing && fresh.input.value !== again.input.value) return blame(again.input, { message: "The new passwords are not the same." });
    button.disabled = true;
    say("Signing in");
    try {
      done(await signIn(name.value(), password.input.value, changing ? fresh.input.value : undefined));
    } catch (error) {
      if (wantsNewPassword(error) && !changing) {
        change.hidden = false;
        button.textContent = "Change password and sign in";
        problem.replaceChildren(refusalNote({ message: error.message || "Password has expired", hint: error.hint || "Choose a new one to go on." }));
        problem.firstChild.className = "note warn";
        fresh.input.focus();
      } else blame(changing ? fresh.input : password.input, error);
    } finally {
      button.disabled = false;
    }
    return undefined;
  };
  const form = h("form", { novalidate: true, onsubmit: submit }, name.element, password.element, change, problem, h("div", { class: "actions" }, button));
  form.begin = () => (user ? password : name).input.focus();
  return form;
}
