import { assertEquals } from "@std/assert";
import { splitWords } from "./split_words.ts";

Deno.test("splitWords() separates at white space and keeps quoted text together", () => {
  assertEquals(splitWords("  --a 1\t--b"), ["--a", "1", "--b"]);
  assertEquals(splitWords(`sh -c "echo \\"hi\\"; sleep 1" 'it''s' a\\ b ""`), [
    "sh",
    "-c",
    `echo "hi"; sleep 1`,
    "its",
    "a b",
    "",
  ]);
  assertEquals(splitWords(""), []);
});
