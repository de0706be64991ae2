// What an administrator must know on every page: the license, faults and pending restarts as mmpd words them.

import { call, live, show } from "./ask.js";
import { add, h } from "./dom.js";
import { note } from "./view.js";

/** Names of the files in the folder, or null when they cannot be had. */
export const files = () => call("GET", "/files").then((answer) => (Array.isArray(answer) ? answer : answer.files)).catch(() => null);

const sentence = (text) => text.charAt(0).toUpperCase() + text.slice(1);

const LICENSE = /upload cms\.lic/u;

/** What was set and waits for a restart: words, and the page that does it. */
export async function pending() {
  const [name, zone, web] = await Promise.all(["hostname", "timezone", "webadmin status"].map((line) => show(line).catch(() => null)));
  const waiting = [];
  if (name && name.hostname !== name.running) waiting.push([`The host name becomes ${name.hostname} at the next reboot.`, "power"]);
  if (zone && zone.timezone !== zone.running) waiting.push([`The time zone becomes ${zone.timezone} for every service at the next reboot.`, "power"]);
  if (web?.pending?.length) waiting.push([`Web Admin waits for a restart: ${web.pending.join(" ")}`, "services"]);
  return waiting;
}

/** What is wrong now, as mmpd words it: a line, and the page where it is put right. */
export async function faults() {
  const [letters, web] = await Promise.all([live("interfaces").catch(() => []), show("webadmin status").catch(() => null)]);
  const links = await Promise.all(letters.map((letter) => show(`iface ${letter}`).catch(() => null)));
  return [...links.filter((link) => link?.fault).map((link) => [link.fault, "network"]), ...(web?.fault ? [[web.fault, "services"]] : []), ...(web?.warnings ?? []).map((text) => [text, "certificates"])];
}

/** The notes. `again(notices)` shows what is so now. */
export function alarms() {
  const place = h("div", { class: "notes" });
  place.again = async (notices) => {
    const [license, waiting, wrong] = await Promise.all([show("license").catch(() => null), pending(), faults()]);
    place.replaceChildren();
    if (license?.fault) {
      add(place, [
        note(
          "warn",
          "This Call Bridge is not licensed.",
          `${license.fault}. Call capacity is reduced and features are unavailable until a license is installed: upload cms.lic.`,
          h("a", { class: "button small", href: "#/files" }, "Go to Files"),
        ),
      ]);
    }
    const shown = wrong.map(([text]) => text);
    for (const [text, page] of wrong) add(place, [note("warn", sentence(text), "", h("a", { class: "button small", href: `#/${page}` }, "Go there"))]);
    for (const [text, page] of waiting) add(place, [note("", text, "", h("a", { class: "button small", href: `#/${page}` }, "Go there"))]);
    for (const text of notices.filter((one) => !LICENSE.test(one) && !/reboot is required/iu.test(one) && !shown.some((text) => one.includes(text)))) add(place, [note(/^WARNING/u.test(text) ? "warn" : "", text.replace(/^(WARNING|NOTE): /u, ""))]);
  };
  return place;
}
