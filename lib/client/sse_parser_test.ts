import { assertEquals, assertThrows } from "@std/assert";
import { createParser } from "eventsource-parser";
import fc from "fast-check";
import { type SseMessage, SseParser } from "./sse_parser.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

/** All events of a stream that comes in these pieces. */
function read(pieces: readonly Uint8Array[], parser = new SseParser()): SseMessage[] {
  return pieces.flatMap((piece) => parser.push(piece));
}

/** Cuts bytes at places that a generator chose. */
function cut(whole: Uint8Array, places: readonly number[]): Uint8Array[] {
  const at = [...new Set(places.map((place) => place % (whole.length + 1)))].sort((a, b) => a - b);
  return [0, ...at].map((from, index) => whole.subarray(from, at[index] ?? whole.length));
}

Deno.test("SseParser reads fields as the standard says", () => {
  const read1 = (text: string) => read([bytes(text)]);
  assertEquals(read1("data: a\n\n"), [{ type: "message", data: "a", lastEventId: "" }]);
  assertEquals(read1("data\n\ndata\ndata\n\ndata:"), [
    { type: "message", data: "", lastEventId: "" },
    { type: "message", data: "\n", lastEventId: "" },
  ]);
  assertEquals(read1("data:  two\nevent:x\nid: 7\nevent: y\n\n"), [
    { type: "y", data: " two", lastEventId: "7" },
  ]);
  assertEquals(read1(":c\nunknown: a\nDATA: b\n\n"), []);
  assertEquals(read1("\ufeffdata: a\n\n\ufeffdata: b\n\n").map(({ data }) => data), ["a"]);
  assertEquals(read1("event: lost\n\ndata: a\n\n"), [{ type: "message", data: "a", lastEventId: "" }]);
});

Deno.test("SseParser remembers the last id, also of a block without data, and no id that holds a NUL", () => {
  const parser = new SseParser({ lastEventId: "5" });
  assertEquals(read([bytes("data: a\n\n")], parser), [{ type: "message", data: "a", lastEventId: "5" }]);
  assertEquals([read([bytes("id: 6\n\n")], parser), parser.lastEventId], [[], "6"]);
  assertEquals(read([bytes("id: 7\0\ndata: b\n\n")], parser).map((m) => m.lastEventId), ["6"]);
  assertEquals([read([bytes("id: 8\ndata: c\n")], parser), parser.lastEventId], [[], "6"]);
  assertEquals(read([bytes("\nid\n\n")], parser).map((m) => m.lastEventId), ["8"]);
  assertEquals(parser.lastEventId, "");
});

Deno.test("SseParser takes the pause to reconnect only if it is a number", () => {
  const parser = new SseParser();
  for (const [text, retryMs] of [["x", null], ["250", 250], ["-1", 250], ["1e3", 250], ["", 250]] as const) {
    parser.push(bytes(`retry: ${text}\n`));
    assertEquals(parser.retryMs, retryMs);
  }
});

Deno.test("SseParser gives up on an event that would fill the memory", () => {
  const parser = () => new SseParser({ maxLength: 100 });
  assertThrows(
    () => read([bytes("data: "), bytes("x".repeat(60)), bytes("x".repeat(60))], parser()),
    RangeError,
  );
  assertThrows(() => read([bytes(`data: ${"x".repeat(40)}\n`.repeat(3))], parser()), RangeError);
  assertEquals(read([bytes(`data: ${"x".repeat(40)}\n\n`.repeat(9))], parser()).length, 9);
});

/** Pieces of streams that are likely to be read wrongly. */
const anyPiece = fc.oneof(
  fc.constantFrom(
    "\n",
    "\r",
    "\r\n",
    ":",
    " ",
    "data",
    "data:",
    "data: ",
    "id: ",
    "event:",
    "retry: 5",
    "\ufeff",
  ),
  fc.constantFrom("🎉", "ü", "\u2028", "\0", "\x1b[31m", "x".repeat(50)),
  fc.string({ unit: "binary", maxLength: 5 }),
);
const anyStream = fc.array(anyPiece, { maxLength: 40 }).map((pieces) => bytes(pieces.join("")));
const anyCuts = fc.array(fc.nat(), { maxLength: 12 });

Deno.test("SseParser keeps a byte order mark within an event, also cut in pieces, and drops the stream's first one", () => {
  for (const stream of ["data: \ufeff\n\n", "\ufeffdata: \ufeff\n\n"]) {
    const pieces = Array.from(bytes(stream), (byte) => Uint8Array.of(byte));
    for (const parts of [pieces, [bytes(stream)]]) {
      assertEquals(read(parts).map(({ data }) => data), ["\ufeff"]);
    }
  }
});

Deno.test("SseParser reads the same however the bytes are cut, also within a character", () => {
  fc.assert(
    fc.property(fc.oneof(anyStream, fc.uint8Array({ maxLength: 60 })), anyCuts, (whole, cuts) => {
      assertEquals(read(cut(whole, cuts)), read([whole]));
      assertEquals(read(Array.from(whole, (byte) => Uint8Array.of(byte))), read([whole]));
    }),
    { numRuns: 2_000 },
  );
});

Deno.test("SseParser dispatches what an independent parser does", () => {
  fc.assert(
    fc.property(anyStream, anyCuts, (stream, cuts) => {
      // The other parser waits for what follows a carriage return.
      const whole = Uint8Array.from([...stream, ...bytes(":\n")]);
      const expected: { type: string; data: string }[] = [];
      const oracle = createParser({
        onEvent: ({ event, data }) => expected.push({ type: event ?? "message", data }),
      });
      oracle.feed(new TextDecoder().decode(whole));
      assertEquals(read(cut(whole, cuts)).map(({ type, data }) => ({ type, data })), expected);
    }),
    { numRuns: 2_000 },
  );
});
