// Words of an MMP line. One function writes every value that goes into a line.
//
// In a line blanks separate words, double quotes hold one together, and `\"` inside them is a quote; any other
// backslash is itself. A word that looks like a flag, a pipe or a question mark is quoted so that it stays a value.

/** What no line can hold: control characters. */
export class NotALine extends Error {}

const CONTROL = /\p{Cc}/u;
const PLAIN = /^(?!-)[^\s"|?]+$/u;

/** The value as one word of a line. */
export function quote(value) {
  const text = String(value);
  if (CONTROL.test(text)) throw new NotALine("A value is one line without control characters.");
  if (PLAIN.test(text)) return text;
  // A backslash right before the closing quote would take the quote: those at the end stand behind it.
  const end = /\\*$/u.exec(text)[0];
  const body = text.slice(0, text.length - end.length);
  return `"${body.replaceAll('"', '\\"')}"${end}`;
}

/** A line of words; null and undefined are left out. */
export function line(...words) {
  return words.filter((word) => word !== null && word !== undefined).map(quote).join(" ");
}
