import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { countEvents } from "./event_counter.ts";

Deno.test("countEvents() finds every event, however the bytes are cut", () => {
  const field = fc.constantFrom("id: 1", "data: x", "event: logs", "data: two\r");
  const events = fc.array(fc.array(field, { minLength: 1, maxLength: 3 }), { maxLength: 10 });
  fc.assert(fc.property(events, fc.infiniteStream(fc.integer({ min: 1, max: 9 })), (events, lengths) => {
    const bytes = new TextEncoder().encode(events.map((fields) => `${fields.join("\n")}\n\n`).join(""));
    let [count, newline, at] = [0, false, 0];
    for (const length of lengths) {
      if (at >= bytes.length) break;
      const piece = bytes.slice(at, at + length);
      count += countEvents(piece, piece.length, newline);
      newline = piece.at(-1) === 10;
      at += length;
    }
    assertEquals(count, events.length);
  }));
});
