import { assertEquals } from "@std/assert";
import { exitReason, exitText } from "./exit_reason.ts";

Deno.test("exitText() names the signal behind codes above 128", () => {
  assertEquals(exitText(137), "exited with code 137 (128 + signal 9, SIGKILL)");
  assertEquals(exitText(139), "exited with code 139 (128 + signal 11, SIGSEGV)");
  assertEquals(exitText(143), "exited with code 143 (128 + signal 15, SIGTERM)");
});

Deno.test("exitText() invents no signal for codes that stand for none", () => {
  for (const code of [0, 1, 3, 128, 192, 255, -1]) assertEquals(exitText(code), `exited with code ${code}`);
});

Deno.test("exitText() says what 126 and 127 hint at", () => {
  assertEquals(exitText(126), "exited with code 126 (the command was found but cannot be executed)");
  assertEquals(exitText(127), "exited with code 127 (the command was not found)");
});

Deno.test("exitReason() needs no reason for success", () => {
  assertEquals(exitReason(0), null);
  assertEquals(exitReason(2), { code: "exit", text: "exited with code 2" });
});
