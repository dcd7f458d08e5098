import { assertEquals } from "@std/assert";
import { lineLink, readLineLink } from "./line_link.js";

Deno.test("readLineLink() reads what lineLink() wrote", () => {
  assertEquals(lineLink({ step: "plugin", seq: 42, run: 1 }), "#plugin-42");
  assertEquals(readLineLink("#plugin-42"), { step: "plugin", seq: 42, run: 1 });
  assertEquals(lineLink({ step: "copy", seq: 7, run: 3 }), "#copy-7.3");
  assertEquals(readLineLink("#copy-7.3"), { step: "copy", seq: 7, run: 3 });
});

Deno.test("readLineLink() takes anything else for no link", () => {
  for (
    const hash of ["", "#", "#plugin", "#plugin-0", "#plugin--1", "#cleanup-3", "#plugin-4x", "plugin-4"]
  ) {
    assertEquals(readLineLink(hash), null);
  }
});
