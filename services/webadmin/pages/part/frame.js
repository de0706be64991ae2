// Top bar, menu, and the place of the page; which page is shown follows the address behind the `#`.

import { show } from "./ask.js";
import { alarms } from "./alarms.js";
import { add, h } from "./dom.js";
import { always, notesAt } from "./news.js";
import { resume, session, signOut } from "./session.js";
import { trialBar } from "./trial.js";
import { refusalNote } from "./view.js";

const MENU = [
  ["Status", [["status", "General"], ["logs", "Logs"]]],
  ["Configuration", [["network", "Network"], ["time", "Time"], ["certificates", "Certificates"], ["services", "Services"], ["users", "Users"]]],
  ["Maintenance", [["files", "Files"], ["backup", "Backup and restore"], ["power", "Restart and shut down"]]],
];

/** Shows the frame and its first page; `ended` is called after signing out. */
export async function frame(root, ended) {
  const known = alarms();
  const trial = trialBar();
  const notes = h("div", { class: "notes" });
  const host = h("span", { class: "host" });
  const content = h("main", { id: "content", tabindex: "-1" });
  const links = new Map();
  const menu = h("nav", { class: "menu", id: "menu", "aria-label": "Main menu" }, MENU.map(([group, pages]) => [
    h("h2", { class: "group" }, group),
    h("ul", {}, pages.map(([name, title]) => {
      const link = h("a", { href: `#/${name}` }, title);
      links.set(name, link);
      return h("li", {}, link);
    })),
  ]));
  const toggle = h("button", { type: "button", class: "menu-switch small", "aria-expanded": "false", "aria-controls": "menu", onclick: () => unfold(toggle.getAttribute("aria-expanded") !== "true") }, "Menu");
  const unfold = (wide) => {
    menu.classList.toggle("open", wide);
    toggle.setAttribute("aria-expanded", String(wide));
  };
  const shade = h(
    "select",
    { "aria-label": "Colours", onchange: () => window.theme.choose(shade.value) },
    [["system", "As the system"], ["light", "Light"], ["dark", "Dark"]].map(([value, label]) => h("option", { value }, label)),
  );
  shade.value = window.theme.read();
  root.replaceChildren(
    h(
      "header",
      { class: "top" },
      toggle,
      h("div", { class: "brand" }, h("img", { src: "mark.svg", alt: "" }), h("span", { class: "product" }, "Web Admin"), host),
      h(
        "div",
        { class: "own" },
        h("span", { class: "who" }, `${session.user} (${session.role})`),
        h("div", {}, shade),
        h("button", {
          type: "button",
          class: "small",
          onclick: async () => {
            await signOut();
            removeEventListener("hashchange", go);
            ended();
          },
        }, "Sign out"),
      ),
    ),
    h("div", { class: "body" }, menu, content),
  );
  const facts = async () => {
    await resume().catch(() => null);
    await Promise.allSettled([known.again(session?.notices ?? []), trial.again()]);
  };
  let turn = 0;
  const go = async (event) => {
    const own = ++turn;
    const [name, ...rest] = decodeURIComponent(location.hash.slice(2) || "status").split("/");
    const page = links.has(name) ? name : "status";
    for (const [key, link] of links) key === page ? link.setAttribute("aria-current", "page") : link.removeAttribute("aria-current");
    unfold(false);
    dispatchEvent(new Event("leave"));
    let made;
    notes.replaceChildren();
    notesAt(notes);
    try {
      made = await (await import(`../page/${page}.js`)).default(rest);
    } catch (error) {
      made = { title: links.get(page).textContent, content: [refusalNote(error)] };
    }
    if (own !== turn) return;
    content.replaceChildren();
    add(content, [known, trial, h("div", { class: "title" }, h("h1", {}, made.title), made.side, made.about ? h("p", {}, made.about) : null), notes, made.content]);
    document.title = `${made.title} - Web Admin`;
    if (event) content.focus({ preventScroll: true });
    if (event) scrollTo(0, 0);
  };
  always(facts);
  addEventListener("hashchange", go);
  await go();
  void facts();
  void show("hostname").then((name) => {
    host.textContent = name?.running ?? "";
  }, () => {});
}
