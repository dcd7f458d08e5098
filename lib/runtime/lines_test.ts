import { assert, assertEquals } from "@std/assert";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { engineBytes, engineRecords, join, type Write } from "../testing/engine_log.ts";
import { fragmentDecoder } from "./docker_frames.ts";
import { cutPoint, LineAssembler } from "./lines.ts";
import type { Fragment } from "./runtime.ts";

const MAX = 1_048_576;
const text = (value: string) => new TextEncoder().encode(value);

function assemble(fragments: readonly Fragment[], maxLineBytes = MAX) {
  const assembler = new LineAssembler({ maxLineBytes });
  return [...fragments.flatMap((fragment) => assembler.add(fragment)), ...assembler.finish()];
}

function fragment(part: Partial<Fragment> & { bytes: Uint8Array }): Fragment {
  return { stream: "stdout", time: "2026-01-15T12:00:00.000000000Z", newline: true, ...part };
}

/** What was written to a stream, cut at newlines: by searching the bytes, as nothing in the code does. */
function linesWritten(writes: readonly Write[], stream: Write["stream"]): Buffer[] {
  const all = Buffer.from(join(writes.filter((write) => write.stream === stream).map(({ bytes }) => bytes)));
  const lines: Buffer[] = [];
  let from = 0;
  for (let at = all.indexOf(10); at >= 0; at = all.indexOf(10, from)) {
    lines.push(all.subarray(from, at));
    from = at + 1;
  }
  return from < all.length ? [...lines, all.subarray(from)] : lines;
}

const hostile = fc.constantFrom(
  text("\n"),
  text("\r\n"),
  text("10%\r20%\r100%\n"),
  text("\0\0"),
  text("\ufeffbyte order mark\n"),
  text("a\ufffd real replacement character\n"),
  text("naïve ✓ 日本語 𝄞\n"),
  text("𝄞").subarray(0, 2),
  Uint8Array.of(0xff, 0xfe, 0xc0, 0x80, 0xed, 0xa0, 0x80),
  new Uint8Array(16_384).fill(97),
  join([new Uint8Array(16_383).fill(97), text("𝄞𝄞")]),
  new Uint8Array(50_000).fill(0xe6),
);
const writes: fc.Arbitrary<Write[]> = fc.array(
  fc.record({
    stream: fc.constantFrom("stdout" as const, "stderr" as const),
    bytes: fc.oneof(fc.uint8Array({ maxLength: 30 }), hostile, hostile),
  }),
  { maxLength: 15 },
);

Deno.test("G2 lines are what was written between newlines, from bytes to text, wherever reads are cut", () => {
  fc.assert(
    fc.property(writes, fc.array(fc.nat(), { maxLength: 8 }), (input, edges) => {
      const bytes = engineBytes(engineRecords(input), false);
      const places = [0, ...edges.map((edge) => edge % (bytes.length + 1)), bytes.length].sort((a, b) =>
        a - b
      );
      const decoder = fragmentDecoder({ tty: false, mended: false });
      const fragments = places.slice(1).flatMap((place, i) => decoder.decode(bytes.slice(places[i], place)));
      const lines = assemble([...fragments, ...decoder.end()]);
      for (const stream of ["stdout", "stderr"] as const) {
        const expected = linesWritten(input, stream);
        const got = lines.filter((line) => line.stream === stream);
        assertEquals(got.map((line) => line.text), expected.map((line) => line.toString("utf8")));
        // A line is lossy exactly if its text does not give its bytes back.
        assertEquals(
          got.map((line) => line.lossy),
          expected.map((line) => !Buffer.from(line.toString("utf8")).equals(line)),
        );
        assert(got.every((line) => line.truncated === null));
      }
    }),
    { numRuns: 200 },
  );
});

Deno.test("G2 a line of exactly LOG_MAX_LINE_BYTES is whole; one byte more is cut and says how long it was", () => {
  const [whole] = assemble([fragment({ bytes: new Uint8Array(MAX).fill(120) })]);
  assertEquals([whole?.text.length, whole?.truncated], [MAX, null]);
  const [cut] = assemble([fragment({ bytes: new Uint8Array(MAX + 1).fill(120) })]);
  assertEquals([cut?.text.length, cut?.truncated], [MAX, MAX + 1]);
});

Deno.test("G2 the cut never splits a character, and invalid bytes at the cut are no reason to lose others", () => {
  fc.assert(
    fc.property(
      fc.string({ unit: "grapheme", minLength: 1 }),
      fc.integer({ min: 1, max: 20 }),
      (value, max) => {
        const bytes = text(value.replaceAll("\n", ""));
        const [line] = assemble([fragment({ bytes })], max);
        assert(line && !line.lossy);
        assert(text(line.text).length <= max && text(line.text).length > Math.min(max, bytes.length) - 4);
        assert(text(value.replaceAll("\n", "")).join().startsWith(text(line.text).join()));
      },
    ),
  );
  assertEquals(cutPoint(Uint8Array.of(0x80, 0x80, 0x80, 0x80, 0x80, 0x80), 5), 5);
  assertEquals(cutPoint(Uint8Array.of(0x61, 0xe6, 0x97, 0xa5, 0x80), 4), 4);
});

Deno.test("G2 a replacement character means loss only where the runtime keeps text", () => {
  const bytes = text("a\ufffd");
  assertEquals(assemble([fragment({ bytes }), fragment({ bytes, mended: true })]).map((line) => line.lossy), [
    false,
    true,
  ]);
  assertEquals(assemble([fragment({ bytes: text("a"), mended: true })]).map((line) => line.lossy), [false]);
  const pieces = [
    fragment({ bytes, mended: true, newline: false }),
    fragment({ bytes: text("b"), mended: true }),
  ];
  assertEquals(assemble(pieces).map((line) => line.lossy), [true]);
});

Deno.test("LineAssembler cuts alike whether a long line comes in one fragment or in many", () => {
  const bytes = text("日本語".repeat(20));
  const parts = Array.from(
    { length: bytes.length },
    (_, i) => fragment({ bytes: bytes.slice(i, i + 1), newline: i + 1 === bytes.length }),
  );
  assertEquals(assemble(parts, 50), assemble([fragment({ bytes })], 50));
});

Deno.test("LineAssembler holds no more of an endless line than it may publish", () => {
  const assembler = new LineAssembler({ maxLineBytes: 1_024 });
  const chunk = new Uint8Array(16_384).fill(65);
  const before = Deno.memoryUsage().external;
  for (let i = 0; i < 100_000; i++) assembler.add(fragment({ bytes: chunk.slice(), newline: false }));
  assert(Deno.memoryUsage().external - before < 800_000_000, "1.6 GB of one line are not held");
  const [line] = assembler.finish();
  assertEquals([line?.text.length, line?.truncated], [1_024, 100_000 * 16_384]);
});

Deno.test("LineAssembler takes a line's time from its first fragment and tells which lines are open", () => {
  const assembler = new LineAssembler({ maxLineBytes: MAX });
  const [t1, t2, t3] = [
    "2026-01-15T12:00:00.000000001Z",
    "2026-01-15T12:00:00.000000002Z",
    "2026-01-15T12:00:00.000000003Z",
  ];
  assembler.add(fragment({ bytes: text("a"), newline: false, time: t2 }));
  assembler.add(fragment({ bytes: text("x"), newline: false, time: t1, stream: "stderr" }));
  assertEquals(assembler.openSince().sort(), [t1, t2]);
  assertEquals(
    assembler.add(fragment({ bytes: text("b"), time: t3 })).map(({ text, time }) => ({ text, time })),
    [{ text: "ab", time: t2 }],
  );
  assertEquals(assembler.openSince(), [t1]);
});

Deno.test("LineAssembler ends an open line where a fragment begins another", () => {
  const lines = assemble([
    fragment({ bytes: text("last words"), newline: false }),
    fragment({ bytes: text("first words"), begins: true }),
    fragment({ bytes: text("more"), newline: false }),
  ]);
  assertEquals(lines.map((line) => line.text), ["last words", "first words", "more"]);
});
