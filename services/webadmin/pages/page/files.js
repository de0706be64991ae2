// Maintenance > Files: the flat folder that SFTP shows, by the same rules.

import { call, csrfToken, Refused, refusal } from "../part/ask.js";
import { open } from "../part/dialog.js";
import { h } from "../part/dom.js";
import { changed } from "../part/news.js";
import { code, refusalNote, section, table } from "../part/view.js";
import { bytes, time } from "../part/words.js";
import { watched } from "../part/watched.js";

const address = (name) => `/api/mmp/v1/files/${encodeURIComponent(name)}`;
const NAME = /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,63}$/u;

export default async function files() {
  return {
    title: "Files",
    about: "The same folder as over SFTP: license, certificates, keys, backups, logs.",
    content: [section("Upload", {}, upload()), section("Folder", {}, watched(folder))],
  };
}

async function folder() {
  const answer = await call("GET", "/files");
  const rows = Array.isArray(answer) ? answer : answer.files;
  return table(
    "Files",
    [
      { title: "Name", cell: (row) => code(row.name) },
      { title: "Size", kind: "number", cell: (row) => bytes(row.size) },
      { title: "Changed", cell: (row) => time(row.modified) },
      {
        title: "Actions",
        kind: "actions",
        cell: (row) => [
          h("a", { class: "button small", href: address(row.name), download: row.name, "aria-label": `Download ${row.name}` }, "Download"),
          row.writable ? h("button", { type: "button", class: "small danger", "aria-label": `Delete ${row.name}`, onclick: () => void remove(row.name) }, "Delete") : null,
        ],
      },
    ],
    rows,
    "No files.",
  );
}

const remove = (name) =>
  open(`Delete ${name}?`, (done) => {
    const problem = h("div", { class: "notes", role: "alert" });
    const go = async (event) => {
      event.preventDefault();
      try {
        await call("DELETE", `/files/${encodeURIComponent(name)}`);
        done(true);
        await changed(`delete ${name}`);
      } catch (error) {
        problem.replaceChildren(refusalNote(error));
      }
    };
    return h("form", { onsubmit: go }, h("p", {}, "It cannot be had back, except from a backup."), problem, h("div", { class: "actions" }, h("button", { type: "button", onclick: () => done(null) }, "Cancel"), h("button", { type: "submit", class: "danger" }, "Delete")));
  });

function upload() {
  const list = h("div", { class: "notes" });
  const input = h("input", { type: "file", multiple: true, hidden: true, onchange: () => {
    void all([...input.files]);
    input.value = "";
  } });
  const all = async (chosen) => {
    for (const file of chosen) await one(file, list);
  };
  const drop = h(
    "div",
    {
      class: "drop",
      ondragover: (event) => {
        event.preventDefault();
        drop.classList.add("over");
      },
      ondragleave: () => drop.classList.remove("over"),
      ondrop: (event) => {
        event.preventDefault();
        drop.classList.remove("over");
        void all([...event.dataTransfer.files]);
      },
    },
    h("button", { type: "button", class: "main", onclick: () => input.click() }, "Choose files"),
    h("span", { class: "soft" }, "or drop them here. Names have letters, digits, . - and _, at most 64; a file of the same name is replaced."),
    input,
  );
  return [drop, list];
}

/** Uploads one file; its progress and outcome stay in the list. */
async function one(file, list) {
  const words = h("span", {}, `${file.name}: waiting`);
  const bar = h("progress", { max: "100", value: 0, "aria-label": `Upload of ${file.name}` });
  const entry = h("div", { class: "note" }, h("div", {}, words, bar));
  list.prepend(entry);
  try {
    if (!NAME.test(file.name)) throw new Refused(0, "name", `Invalid file name: ${file.name}`, "Names have letters, digits, . - and _, at most 64 characters, and do not begin with a dot. Rename the file.");
    await put(file, (part) => {
      bar.value = part * 100;
      words.textContent = `${file.name}: ${bytes(part * file.size)} of ${bytes(file.size)}`;
    });
    entry.replaceWith();
    await changed(`put ${file.name}`);
  } catch (error) {
    const note = refusalNote(error);
    note.setAttribute("role", "alert");
    entry.replaceWith(note);
  }
}

/** fetch tells no progress of what is sent; XMLHttpRequest does. */
function put(file, progress) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("PUT", address(file.name));
    request.setRequestHeader("Content-Type", "application/octet-stream");
    if (csrfToken()) request.setRequestHeader("X-CSRF-Token", csrfToken());
    request.upload.onprogress = (event) => event.lengthComputable && progress(event.loaded / Math.max(1, event.total));
    request.onerror = () => reject(new Refused(0, "unreachable", `${file.name} was not uploaded: the connection broke.`, "Nothing was replaced. Upload it again."));
    request.onload = () => {
      if (request.status < 300) return resolve();
      let body = null;
      try {
        body = JSON.parse(request.responseText);
      } catch {
        // No words of the appliance's: the status says it.
      }
      return reject(refusal(request.status, body));
    };
    request.send(file);
  });
}
