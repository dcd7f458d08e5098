import { assertEquals } from "@std/assert";
import { nearest } from "./nearest.ts";

Deno.test("nearest() finds what was meant, and nothing where that cannot be told", () => {
  const known = ["run", "watch", "logs", "status", "list", "cancel", "retry"];
  const meant = { log: "logs", wtach: "watch", stats: "status", lsit: "list", cancle: "cancel", rum: "run" };
  for (const [word, command] of Object.entries(meant)) assertEquals(nearest(word, known), command, word);
  for (const word of ["", "x", "restart", "r".repeat(100_000)]) assertEquals(nearest(word, known), null);
});
