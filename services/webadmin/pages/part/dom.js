// Elements from words: h("p", { class: "soft" }, "text", child). Text is always text, never markup.

/** An element with attributes (`on...` are listeners, null and false are left out) and children. */
export function h(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "value" || name === "checked" || name === "disabled") element[name] = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  add(element, children);
  return element;
}

/** Adds children: elements, texts, nested lists; null is nothing. */
export function add(parent, children) {
  for (const child of children.flat(Infinity)) {
    if (child !== null && child !== undefined && child !== false) parent.append(child);
  }
  return parent;
}

let last = 0;
/** An id of its own, to tie a label or a hint to its field. */
export const freshId = (name) => `${name}-${++last}`;

/** Has the screen reader say a text. */
export function say(text) {
  const place = document.getElementById("polite");
  place.textContent = "";
  requestAnimationFrame(() => {
    place.textContent = text;
  });
}
