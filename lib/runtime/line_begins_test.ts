import { assertEquals } from "@std/assert";
import { LineBegins } from "./line_begins.ts";
import type { Fragment } from "./runtime.ts";

function piece(second: number, newline: boolean, stream: Fragment["stream"] = "stdout"): Fragment {
  return { stream, time: `2026-01-15T12:00:0${second}.000000000Z`, bytes: new Uint8Array(), newline };
}

/** Which fragments were marked. */
function marked(oneTimePerLine: boolean, fragments: Fragment[]): boolean[] {
  return new LineBegins({ oneTimePerLine }).mark(fragments).map(({ begins }) => begins === true);
}

Deno.test("LineBegins marks what follows an unfinished line with another time", () => {
  assertEquals(marked(true, [piece(1, false), piece(1, false), piece(2, true), piece(3, true)]), [
    false,
    false,
    true,
    false,
  ]);
});

Deno.test("LineBegins leaves pieces of one time together, and streams apart", () => {
  assertEquals(marked(true, [piece(1, false), piece(2, true, "stderr"), piece(1, true)]), [
    false,
    false,
    false,
  ]);
});

Deno.test("LineBegins marks nothing where pieces of a line have times of their own", () => {
  assertEquals(marked(false, [piece(1, false), piece(2, false), piece(3, true)]), [false, false, false]);
});

Deno.test("LineBegins remembers an unfinished line from one call to the next", () => {
  const begins = new LineBegins({ oneTimePerLine: true });
  begins.mark([piece(1, false)]);
  assertEquals(begins.mark([piece(2, true)]).map((fragment) => fragment.begins), [true]);
});
