import { assertEquals, assertThrows } from "@std/assert";
import { EventContainers } from "./docker_events.ts";

const event = (id: string) =>
  `{"status":"die","id":"${id}","Actor":{"ID":"${id}","Attributes":{"name":"日本語"}}}\n`;

Deno.test("EventContainers finds each container once, wherever the bytes are cut", () => {
  const bytes = new TextEncoder().encode(event("aa") + event("bb") + event("aa"));
  for (let cut = 0; cut <= bytes.length; cut++) {
    const ids = new EventContainers();
    const found = [...ids.take([bytes.slice(0, cut)]), ...ids.take([bytes.slice(cut)])];
    assertEquals([...new Set(found.map(({ id }) => id))].sort(), ["aa", "bb"], `cut at ${cut}`);
    for (const { attributes } of found) assertEquals(attributes, { name: "日本語" }, `cut at ${cut}`);
  }
});

Deno.test("EventContainers waits for the rest of an event and passes over what names no container", () => {
  const ids = new EventContainers();
  assertEquals(ids.take([new TextEncoder().encode(`{"Type":"daemon"}\n\n{"Actor":{"ID":"c`)]), []);
  assertEquals(ids.take([new TextEncoder().encode(`c"}}\n`)]), [{ id: "cc", attributes: {} }]);
});

Deno.test("EventContainers refuses what is no JSON", () => {
  assertThrows(() => new EventContainers().take([new TextEncoder().encode("<html>\n")]), SyntaxError);
});
