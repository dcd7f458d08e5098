import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { FRAGMENT_BYTES, LineSplitter, type LogEntry } from "./line_splitter.ts";

function countingSplitter(): LineSplitter {
  let now = 0n;
  return new LineSplitter(() => ++now);
}

/** Splits the whole at once, or in chunks that end at `cuts`. */
function split(bytes: Uint8Array, cuts: readonly number[] = []): LogEntry[] {
  const splitter = countingSplitter();
  const ends = [...cuts, bytes.length].map((cut) => Math.min(cut, bytes.length)).sort((a, b) => a - b);
  const entries = ends.flatMap((end, i) => splitter.push(bytes.slice(ends[i - 1] ?? 0, end)));
  return [...entries, ...splitter.end()];
}

const shape = (entries: readonly LogEntry[]) => entries.map(({ nanos, bytes }) => [nanos, bytes.length]);

Deno.test("LineSplitter ends an entry at each newline and keeps an unfinished line for the end", () => {
  const entries = split(new TextEncoder().encode("a\n\nbc"));
  assertEquals(entries.map(({ bytes }) => new TextDecoder().decode(bytes)), ["a\n", "\n", "bc"]);
  assertEquals(entries.map(({ nanos }) => nanos), [1n, 2n, 3n]);
});

Deno.test("LineSplitter cuts a line that does not fit with its newline, under the first piece's time", () => {
  const line = (length: number) => new Uint8Array([...new Uint8Array(length), 10]);
  assertEquals(shape(split(line(FRAGMENT_BYTES - 1))), [[1n, FRAGMENT_BYTES]]);
  assertEquals(shape(split(line(FRAGMENT_BYTES))), [[1n, FRAGMENT_BYTES], [1n, 1]]);
  assertEquals(shape(split(new Uint8Array(FRAGMENT_BYTES + 5))), [[1n, FRAGMENT_BYTES], [1n, 5]]);
  assertEquals(shape(split(new Uint8Array(FRAGMENT_BYTES))), [[1n, FRAGMENT_BYTES]]);
});

Deno.test("LineSplitter gives the same entries however the output arrives, and every byte once", () => {
  const byte = fc.oneof({ weight: 1, arbitrary: fc.constant(10) }, {
    weight: 30,
    arbitrary: fc.constant(120),
  });
  const piece = fc.oneof(
    fc.uint8Array({ maxLength: 20 }),
    fc.array(byte, { maxLength: 200 }).map((a) => new Uint8Array(a)),
  );
  const long = fc.integer({ min: FRAGMENT_BYTES - 3, max: FRAGMENT_BYTES + 3 }).map((n) =>
    new Uint8Array(n).fill(121)
  );
  const output = fc.array(fc.oneof(piece, long), { maxLength: 6 }).map((parts) =>
    new Uint8Array(parts.flatMap((p) => [...p]))
  );
  fc.assert(
    fc.property(output, fc.array(fc.nat(60_000), { maxLength: 8 }), (bytes, cuts) => {
      const whole = split(bytes);
      assertEquals(shape(split(bytes, cuts)), shape(whole));
      assertEquals(new Uint8Array(whole.flatMap(({ bytes }) => [...bytes])), bytes);
    }),
    { numRuns: 60 },
  );
});
