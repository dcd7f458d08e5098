import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { ndjsonBodies } from "./quickwit_ndjson.ts";
import { UnstorableLogError } from "./unstorable_log_error.ts";

const LIMIT = 40;

Deno.test("ndjsonBodies() keeps every document whole and in order, and no body over the limit", () => {
  const documents = fc.array(
    fc.string({ unit: "grapheme", maxLength: 8 }).map((text) => `${JSON.stringify(text)}\n`),
  );
  fc.assert(fc.property(documents, (given) => {
    const fitting = given.filter((document) => new TextEncoder().encode(document).length <= LIMIT);
    const bodies = ndjsonBodies(fitting, LIMIT);
    assert(bodies.every(({ length }) => length > 0 && length <= LIMIT));
    const texts = bodies.map((body) => new TextDecoder().decode(body));
    assertEquals(texts.join(""), fitting.join(""));
    assert(texts.every((text) => text.endsWith("\n")));
  }));
});

Deno.test("ndjsonBodies() fills bodies, and refuses a document that fits in none", () => {
  assertEquals(ndjsonBodies(["12345\n", "12345\n", "1\n"], 12).map(({ length }) => length), [12, 2]);
  assertEquals(ndjsonBodies([]), []);
  assertThrows(() => ndjsonBodies(["ok\n", "x".repeat(LIMIT + 1)], LIMIT), UnstorableLogError, "41 bytes");
});
