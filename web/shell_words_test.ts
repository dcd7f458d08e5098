import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { joinWords, ShellSyntaxError, splitWords } from "./shell_words.js";

Deno.test("splitWords() splits at blanks and line breaks outside quotes", () => {
  assertEquals(splitWords("  --dummyFloat 3.5\n--sleepLength\t5 "), [
    "--dummyFloat",
    "3.5",
    "--sleepLength",
    "5",
  ]);
  assertEquals(splitWords(""), []);
});

Deno.test("splitWords() reads quotes and backslashes as a shell does", () => {
  assertEquals(splitWords(`--name "two words" 'it''s' it\\'s "" a"b c"d`), [
    "--name",
    "two words",
    "its",
    "it's",
    "",
    "ab cd",
  ]);
  assertEquals(splitWords(`"a\\"b \\n \\$x" 'raw \\n' c\\ d`), [`a"b \\n $x`, "raw \\n", "c d"]);
});

Deno.test("splitWords() refuses what a shell would ask to continue", () => {
  assertThrows(() => splitWords(`say "hello`), ShellSyntaxError, "not closed");
  assertThrows(() => splitWords("end \\"), ShellSyntaxError, "backslash");
});

Deno.test("splitWords() reads back what joinWords() wrote, for any words", () => {
  fc.assert(fc.property(fc.array(fc.string({ unit: "binary" })), (words) => {
    assertEquals(splitWords(joinWords(words)), words);
  }));
  assertEquals(joinWords(["sh", "-c", "echo 'a'; exit 3"]), `sh -c 'echo '\\''a'\\''; exit 3'`);
});
