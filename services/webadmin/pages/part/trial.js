// A change on condition: its countdown, Keep and Undo. Shown on every page while there is one.

import { send, show } from "./ask.js";
import { add, h, say } from "./dom.js";
import { changed, tell } from "./news.js";
import { clock } from "./words.js";

/** The bar. `again()` asks whether anything is on condition. */
export function trialBar() {
  const place = h("div", { class: "notes" });
  let timer = null;
  const stop = () => {
    clearInterval(timer);
    timer = null;
    place.replaceChildren();
  };
  const end = (line) => async (event) => {
    event.target.disabled = true;
    try {
      const answer = await send(line);
      stop();
      await changed(line, answer);
    } catch (error) {
      event.target.disabled = false;
      tell("bad", error.message, error.hint);
    }
  };
  place.again = async () => {
    const trial = await show("try").catch(() => null);
    stop();
    if (!trial?.lines?.length) return;
    const deadline = Date.now() + trial.seconds_left * 1000;
    const left = h("span", { class: "left" });
    const tick = () => {
      const seconds = Math.max(0, Math.round((deadline - Date.now()) / 1000));
      left.textContent = clock(seconds);
      if (seconds === 30) say("30 seconds until the change is undone");
      if (seconds > 0) return;
      stop();
      tell("warn", "The change was not confirmed in time and is being undone.", "The settings before it are in force again.");
      setTimeout(() => void changed("undo", { notice: "Not confirmed in time." }), 1500);
    };
    add(place, [
      h(
        "section",
        { class: "note trial", "aria-label": "Change on condition" },
        h("div", {}, h("strong", {}, "Undone in ", left, " unless confirmed: "), trial.lines.map((text, index) => [index ? ", " : "", h("code", {}, text)]), h("span", { class: "hint soft" }, `By ${trial.user} from ${trial.origin}`)),
        h("div", { class: "actions" }, h("button", { type: "button", class: "main small", onclick: end("confirm") }, "Confirm"), h("button", { type: "button", class: "small", onclick: end("undo") }, "Undo now")),
      ),
    ]);
    say(`A change is on condition and is undone in ${trial.seconds_left} seconds unless confirmed.`);
    timer = setInterval(tick, 1000);
    tick();
  };
  return place;
}
