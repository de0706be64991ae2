// Numbers, times and states in words.

/** `1.5 MB`. */
export function bytes(count) {
  const units = ["bytes", "kB", "MB", "GB", "TB"];
  let value = Number(count);
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

/** `2026-10-05 13:04 UTC` of seconds since 1970. */
export function time(seconds) {
  return `${new Date(Number(seconds) * 1000).toISOString().slice(0, 16).replace("T", " ")} UTC`;
}

/** `3 days 4 hours`: the two largest units. */
export function span(seconds) {
  const parts = [
    ["day", 86400],
    ["hour", 3600],
    ["minute", 60],
    ["second", 1],
  ];
  let rest = Math.max(0, Math.round(seconds));
  const words = [];
  for (const [name, size] of parts) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count > 0 && words.length < 2) words.push(many(count, name));
  }
  return words.join(" ") || "0 seconds";
}

/** `2:05`. */
export const clock = (seconds) => `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;

/** `1 file`, `2 files`. */
export const many = (count, name) => `${count} ${name}${count === 1 ? "" : "s"}`;

/** `yes` or `no`. */
export const yes = (value) => (value ? "yes" : "no");
