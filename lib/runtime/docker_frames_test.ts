import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { engineBytes, engineRecords, type Write } from "../testing/engine_log.ts";
import { fragmentDecoder, LogFormatError } from "./docker_frames.ts";
import type { Fragment } from "./runtime.ts";

const TIME = "2026-01-15T12:01:02.123456789Z";
const text = (value: string) => new TextEncoder().encode(value);

/** What `decode` and `end` gave, as plain data. */
function decodeAll(tty: boolean, chunks: readonly Uint8Array[]) {
  const decoder = fragmentDecoder({ tty, mended: false });
  const fragments = [...chunks.flatMap((chunk) => decoder.decode(chunk)), ...decoder.end()];
  return fragments.map(({ stream, time, bytes, newline }: Fragment) => ({
    stream,
    time,
    newline,
    hex: hex(bytes),
  }));
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** `bytes` cut at `edges` (any numbers; each is brought into range). */
function cut(bytes: Uint8Array, edges: readonly number[]): Uint8Array[] {
  const places = [...new Set([0, ...edges.map((edge) => edge % (bytes.length + 1)), bytes.length])].sort((
    a,
    b,
  ) => a - b);
  return places.slice(1).map((place, i) => bytes.slice(places[i], place));
}

const writes: fc.Arbitrary<Write[]> = fc.array(
  fc.record({
    stream: fc.constantFrom("stdout" as const, "stderr" as const),
    bytes: fc.oneof(
      fc.uint8Array({ maxLength: 60 }),
      fc.constantFrom(
        text("\n"),
        text("a\nb\n"),
        text("tail"),
        new Uint8Array(16_384).fill(97),
        new Uint8Array(40_000).fill(98),
      ),
    ),
  }),
  { maxLength: 12 },
);

for (const tty of [false, true]) {
  Deno.test(`G2 fragments are the records the Engine stored, wherever the chunks are cut (${tty ? "terminal" : "frames"})`, () => {
    fc.assert(fc.property(writes, fc.array(fc.nat()), (input, edges) => {
      const records = engineRecords(
        tty ? input.map(({ bytes }) => ({ stream: "stdout" as const, bytes })) : input,
      );
      const expected = records.map(({ stream, time, bytes, newline }) => ({
        stream,
        time,
        newline,
        hex: hex(bytes),
      }));
      assertEquals(decodeAll(tty, cut(engineBytes(records, tty), edges)), expected);
    }));
  });
}

Deno.test("fragmentDecoder() keeps carriage returns, NUL and spaces in the payload", () => {
  assertEquals(decodeAll(false, [frame(1, `${TIME}  a \r\0\r\n`)]).map((f) => f.hex), ["20612" + "00d000d"]);
});

Deno.test("fragmentDecoder() reports a fault that the Engine writes into the log", () => {
  const bytes = frame(3, "Error grabbing logs: unexpected EOF\n");
  assertThrows(
    () => fragmentDecoder({ tty: false, mended: false }).decode(bytes),
    LogFormatError,
    "Error grabbing logs: unexpected EOF",
  );
});

Deno.test("fragmentDecoder() refuses an end within a frame, a broken header and a record without time", () => {
  const whole = frame(1, `${TIME} abc\n`);
  const decoder = fragmentDecoder({ tty: false, mended: false });
  decoder.decode(whole.slice(0, -1));
  assertThrows(() => decoder.end(), LogFormatError, "ends within a frame");
  assertThrows(
    () => fragmentDecoder({ tty: false, mended: false }).decode(text("HTTP/1.1 500")),
    LogFormatError,
    "no frame begins",
  );
  assertThrows(
    () => fragmentDecoder({ tty: false, mended: false }).decode(frame(1, "no time here\n")),
    LogFormatError,
    "no time",
  );
  assertThrows(
    () => fragmentDecoder({ tty: true, mended: false }).decode(text("no time here at all, whatever comes\n")),
    LogFormatError,
    "no time",
  );
});

Deno.test("G2 fragmentDecoder() passes over frames of no bytes, wherever they are cut", () => {
  const bytes = [frame(1, ""), frame(1, `${TIME} a\n`), frame(2, ""), frame(2, `${TIME} \n`), frame(1, "")]
    .reduce((all, next) => new Uint8Array([...all, ...next]));
  for (let edge = 0; edge <= bytes.length; edge++) {
    assertEquals(decodeAll(false, cut(bytes, [edge])).map(({ hex }) => hex), ["61", ""]);
  }
});

Deno.test("fragmentDecoder() takes times of other engines: fewer digits, an offset", () => {
  const [fragment] = decodeAll(false, [frame(2, "2026-01-15T14:01:02.5+02:00 x\n")]);
  assertEquals(fragment, {
    stream: "stderr",
    time: "2026-01-15T12:01:02.500000000Z",
    newline: true,
    hex: "78",
  });
});

function frame(stream: number, payload: string): Uint8Array {
  const bytes = text(payload);
  const whole = new Uint8Array(8 + bytes.length);
  whole[0] = stream;
  new DataView(whole.buffer).setUint32(4, bytes.length);
  whole.set(bytes, 8);
  return whole;
}

Deno.test("G2 a fragment has its text if, and only if, all of it is ASCII", () => {
  fc.assert(fc.property(writes, (input) => {
    for (const tty of [false, true]) {
      const decoder = fragmentDecoder({ tty, mended: false });
      for (const { bytes, text } of decoder.decode(engineBytes(engineRecords(input), tty))) {
        const isAscii = bytes.every((byte) => byte < 0x80);
        assertEquals(text, isAscii ? new TextDecoder().decode(bytes) : undefined);
      }
    }
  }));
});
