// Maintenance > Restart and shut down. Who else is here is told first; what waits for a restart, too.

import { act } from "../part/act.js";
import { pending } from "../part/alarms.js";
import { show } from "../part/ask.js";
import { h } from "../part/dom.js";
import { session } from "../part/session.js";
import { note, section } from "../part/view.js";
import { maybe, watched } from "../part/watched.js";

export default async function power() {
  return {
    title: "Restart and shut down",
    content: [
      section("Before you do", {}, watched(async () => {
        const others = ((await maybe(show("user list"))) ?? []).filter((row) => row.logged_in && row.username !== session.user);
        const waiting = await pending();
        return [
          waiting.map(([text]) => note("", text)),
          others.length ? note("warn", `Also signed in: ${others.map((row) => row.username).join(", ")}.`) : h("p", {}, "Nobody else is signed in."),
          waiting.length ? null : h("p", { class: "soft" }, "Nothing waits for a restart."),
        ];
      })),
      section("Restart", { about: "Calls and sessions end. These pages are back when the appliance has started again." }, h("div", { class: "actions" }, act("Restart", ["reboot"], { name: "Restart the appliance?", confirmed: true, danger: true, about: "Calls and sessions end." }))),
      section("Shut down", { about: "The appliance must be switched on again where it stands." }, h("div", { class: "actions" }, act("Shut down", ["shutdown"], { name: "Switch the appliance off?", confirmed: true, danger: true, about: "It must be switched on again where it stands.", typed: "shutdown" }))),
    ],
  };
}
