import { assertEquals } from "@std/assert";
import { shellJoin } from "./shell_join.ts";

Deno.test("shellJoin() quotes what a shell would not read as it is, and only that", () => {
  assertEquals(
    shellJoin(["simpledsapp", "--dummyFloat", "3.5", "/share/incoming"]),
    "simpledsapp --dummyFloat 3.5 /share/incoming",
  );
  assertEquals(shellJoin(["sh", "-c", "exit 3"]), "sh -c 'exit 3'");
  assertEquals(shellJoin(["it's", "", "$HOME", "é"]), `'it'"'"'s' '' '$HOME' 'é'`);
  assertEquals(shellJoin([]), "");
});
