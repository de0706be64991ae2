// Starts: the session of this browser, or the sign-in.

import { bind } from "./part/ask.js";
import { open } from "./part/dialog.js";
import { h } from "./part/dom.js";
import { frame } from "./part/frame.js";
import { resume, session } from "./part/session.js";
import { signInForm } from "./part/sign-in.js";
import { note, refusalNote } from "./part/view.js";

const root = document.getElementById("frame");

function welcome(message) {
  document.title = "Sign in - Web Admin";
  const form = signInForm(() => void frame(root, () => welcome("You are signed out.")));
  root.replaceChildren(
    h(
      "main",
      { class: "sign-in", id: "content", tabindex: "-1" },
      h("div", { class: "brand" }, h("img", { src: "mark.svg", alt: "" }), h("h1", {}, "Web Admin")),
      message ? h("div", { role: "status" }, note("", message)) : null,
      form,
    ),
  );
  form.begin();
}

// The session ended while a page is open: what was typed stays behind the dialog.
let asking = false;
bind({
  ended: async (error) => {
    if (asking || !session) return;
    asking = true;
    const user = session.user;
    const back = await open("Your session has ended", (done) => {
      const form = signInForm((again) => done(again), user);
      queueMicrotask(() => form.begin());
      return [h("p", {}, `${error.message} Sign in to go on; what you typed is kept.`), form];
    });
    asking = false;
    if (!back || back.user !== user) location.reload();
  },
});

try {
  if (await resume()) await frame(root, () => welcome("You are signed out."));
  else welcome();
} catch (error) {
  root.replaceChildren(h("main", { class: "sign-in", id: "content" }, h("h1", {}, "Web Admin"), refusalNote(error), h("button", { type: "button", onclick: () => location.reload() }, "Try again")));
}
