// Status > Logs: the system log or the audit log as it comes, with a filter, a pause and a download.

import { send } from "../part/ask.js";
import { add, h, say } from "../part/dom.js";
import { field } from "../part/form.js";
import { refusalNote } from "../part/view.js";
import { many } from "../part/words.js";

const KEPT = 2000;
const LEVELS = [["7", "All levels"], ["6", "info and worse"], ["4", "warning and worse"], ["3", "error and worse"]];
const WORDS = { emerg: 0, panic: 0, alert: 1, crit: 2, err: 3, error: 3, warning: 4, warn: 4, notice: 5, info: 6, debug: 7 };

/** The severity of a line: `Jun 17 22:24:41.867 user.info cms01 ...`; 6 where it says none. */
export function level(text) {
  const word = /^(?:\S+\s+){3}[\w-]+\.(\w+)\s/u.exec(text)?.[1] ?? /^\S+\s+[\w-]+\.(\w+)\s/u.exec(text)?.[1];
  return WORDS[word] ?? 6;
}

const kind = (severity) => (severity <= 3 ? "bad" : severity === 4 ? "warn" : "");

export default async function logs([which = "system"]) {
  const audit = which === "audit";
  const lines = [];
  const waiting = [];
  let paused = false;
  const box = h("div", { class: "log", tabindex: "0", role: "log", "aria-live": "off", "aria-label": audit ? "Audit log" : "System log" });
  const count = h("span", { class: "soft", role: "status" });
  const text = field({ name: "text", label: "Text", optional: "quietly", placeholder: "Only lines with this text" });
  const severity = field({ name: "level", label: "Level", kind: "select", options: LEVELS });
  const problem = h("div", { class: "notes", role: "alert" });
  const fits = (one) => level(one) <= Number(severity.input.value) && one.toLowerCase().includes(text.input.value.toLowerCase());
  const row = (one) => h("div", { class: kind(level(one)) || null }, one);
  const tally = () => {
    count.textContent = paused && waiting.length ? `Paused, ${many(waiting.length, "new line")}` : `${many(box.childElementCount, "line")} shown`;
  };
  const draw = () => {
    box.replaceChildren();
    add(box, lines.filter(fits).map(row));
    box.scrollTop = box.scrollHeight;
    tally();
  };
  const take = (one) => {
    if (paused) {
      waiting.push(one);
      if (waiting.length > KEPT) waiting.shift();
      return tally();
    }
    lines.push(one);
    if (lines.length > KEPT) lines.shift();
    if (!fits(one)) return undefined;
    const atEnd = box.scrollHeight - box.scrollTop - box.clientHeight < 40;
    box.append(row(one));
    if (box.childElementCount > KEPT) box.firstChild.remove();
    if (atEnd) box.scrollTop = box.scrollHeight;
    return tally();
  };
  const pause = h("button", { type: "button", "aria-pressed": "false", onclick: () => {
    paused = !paused;
    pause.setAttribute("aria-pressed", String(paused));
    pause.textContent = paused ? "Go on" : "Pause";
    say(paused ? "Paused" : "Going on");
    if (!paused) waiting.splice(0).forEach(take);
    tally();
  } }, "Pause");
  text.input.addEventListener("input", draw);
  severity.input.addEventListener("change", draw);

  try {
    const before = await send(`${audit ? "audit" : "syslog"} tail 200`);
    lines.push(...before.text.split("\n").filter(Boolean));
  } catch (error) {
    add(problem, [refusalNote(error)]);
  }
  // What follows begins with lines that are here already; so it does after a connection that broke.
  let catching = true;
  const stream = new EventSource(`/api/mmp/v1/${audit ? "audit" : "log"}/follow`);
  stream.onmessage = (event) => {
    problem.replaceChildren();
    const known = new Set(catching ? [...lines.slice(-200), ...waiting] : []);
    for (const one of event.data.split("\n").filter(Boolean)) {
      if (known.has(one)) continue;
      catching = false;
      take(one);
    }
  };
  stream.onopen = () => {
    catching = true;
  };
  stream.onerror = () => {
    problem.replaceChildren(refusalNote({ message: "New lines do not come.", hint: "The page tries again by itself." }));
  };
  addEventListener("leave", () => stream.close(), { once: true });
  draw();
  requestAnimationFrame(() => requestAnimationFrame(() => {
    box.scrollTop = box.scrollHeight;
  }));
  return {
    title: "Logs",
    content: [
      h("nav", { class: "tabs", "aria-label": "Logs" }, h("a", { href: "#/logs/system", "aria-current": audit ? null : "true" }, "System log"), h("a", { href: "#/logs/audit", "aria-current": audit ? "true" : null }, "Audit log")),
      h("div", { class: "fields" }, text.element, severity.element),
      h("div", { class: "actions" }, pause, h("a", { class: "button", href: `/api/mmp/v1/files/${audit ? "audit" : "log"}`, download: audit ? "audit" : "log" }, "Download"), count),
      problem,
      box,
    ],
  };
}
