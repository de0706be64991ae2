// The one function that writes values into a line: what it writes is checked in, and the grammar reads it back
// (`mmp/grammar/tests/quoted_by_the_pages.rs`).

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { line, NotALine, quote } from "../../services/webadmin/pages/part/quote.js";

const here = (name) => new URL(name, import.meta.url);

test("every value is quoted as the grammar was shown", () => {
  const values = JSON.parse(readFileSync(here("quoting.json"), "utf8"));
  const written = JSON.parse(readFileSync(here("quoted.json"), "utf8"));
  assert.deepEqual(Object.fromEntries(values.map((value) => [value, quote(value)])), written);
});

test("a line leaves out what is not there, and control characters are refused", () => {
  assert.equal(line("ipv4", "a", "add", "192.0.2.10/24", null, undefined), "ipv4 a add 192.0.2.10/24");
  assert.throws(() => quote("a\nreboot"), NotALine);
  assert.throws(() => quote("a\u001bb"), NotALine);
});
