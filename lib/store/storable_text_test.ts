import { assertEquals } from "@std/assert";
import { storableText } from "./storable_text.ts";

Deno.test("storableText() shows what Postgres cannot hold and leaves the rest alone", () => {
  assertEquals(storableText("a\0b\0"), "a\u2400b\u2400");
  assertEquals(storableText("cut here: \ud83d"), "cut here: \ufffd");
  const fine = "ü 😀\n\t\u0001'\"\\";
  assertEquals(storableText(fine), fine);
});
