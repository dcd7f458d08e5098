import { assertEquals } from "@std/assert";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { listCursor, placeOf } from "./list_cursor.ts";

Deno.test("placeOf() reads every place that listCursor() writes", () => {
  const jobId = fc.string({ unit: "grapheme", minLength: 1, maxLength: 60 }).filter((id) =>
    !id.includes("\0")
  );
  fc.assert(fc.property(fc.nat(), jobId, (createdUs, jobId) => {
    assertEquals(placeOf(listCursor({ createdUs, jobId })), { createdUs, jobId });
  }));
});

Deno.test("placeOf() takes nothing else for a cursor", () => {
  const encoded = (text: string | Uint8Array) => Buffer.from(text as string).toString("base64url");
  const texts = [
    "",
    "1",
    "x.y",
    "-1.a",
    "1.5e3.a\0",
    "99999999999999999.a",
    "9999999999999999.a",
    "1.",
    "1.a\0b",
  ];
  for (const text of texts) assertEquals(placeOf(encoded(text)), null, text);
  for (const cursor of ["", "a+/=", "\0", "ü", encoded(Uint8Array.of(0x31, 0x2e, 0xff))]) {
    assertEquals(placeOf(cursor), null, cursor);
  }
});
