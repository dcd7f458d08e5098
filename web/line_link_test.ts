import { assertEquals } from "@std/assert";
import { lineLink, readLineLink } from "./line_link.js";

Deno.test("readLineLink() reads what lineLink() wrote", () => {
  assertEquals(lineLink({ step: "plugin", seq: 42 }), "#plugin-42");
  assertEquals(readLineLink("#plugin-42"), { step: "plugin", seq: 42 });
});

Deno.test("readLineLink() takes anything else for no link", () => {
  for (
    const hash of ["", "#", "#plugin", "#plugin-0", "#plugin--1", "#cleanup-3", "#plugin-4x", "plugin-4"]
  ) {
    assertEquals(readLineLink(hash), null);
  }
});
