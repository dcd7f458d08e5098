import { assertEquals } from "@std/assert";
import { HeardChanges } from "./heard_changes.ts";

const list = (...ids: string[]) => ids.map((id) => ({ id: id.replace("*", ""), running: id.endsWith("*") }));

Deno.test("HeardChanges finds what changed between two lists without an event", () => {
  const heard = new HeardChanges();
  assertEquals(
    heard.unheard(list("same", "runs*", "starts", "ends*", "goes")),
    [],
    "nothing to compare with",
  );
  const unheard = heard.unheard(list("same", "runs*", "starts*", "ends", "comes"));
  assertEquals(unheard, ["starts", "ends", "goes", "comes"]);
});

Deno.test("HeardChanges knows an event that named the container, before the list or a moment after", () => {
  const heard = new HeardChanges();
  heard.unheard(list("a", "b"));
  heard.name("a");
  assertEquals(heard.unheard(list("a*", "b*")), ["b"]);
  assertEquals(heard.wasNamed("b"), false);
  heard.name("b");
  assertEquals(heard.wasNamed("b"), true);
  assertEquals(
    heard.unheard(list("a", "b")),
    ["a"],
    "an event from before the last list explains nothing later",
  );
});
