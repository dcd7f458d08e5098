import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { engineRecords, testTime } from "../testing/engine_log.ts";
import { LogAnchor } from "./log_anchor.ts";
import type { Fragment } from "./runtime.ts";

/** A log of two streams, whose lines have one or several pieces with the time of the first. */
const logs: fc.Arbitrary<Fragment[]> = fc.array(
  fc.record({ stream: fc.constantFrom("stdout" as const, "stderr" as const), newline: fc.boolean() }),
  { maxLength: 30 },
).map((pieces) => {
  const open = new Map<string, string>();
  return pieces.map(({ stream, newline }, i) => {
    const time = open.get(stream) ?? testTime(i * 1_000);
    if (newline) open.delete(stream);
    else open.set(stream, time);
    return { stream, time, bytes: Uint8Array.of(97), newline };
  });
});

Deno.test("G1 LogAnchor finds in any later picture exactly what follows, or says that it cannot know", () => {
  fc.assert(
    fc.property(logs, fc.nat(100), fc.nat(100), fc.nat(100), fc.nat(5), (log, a, b, c, size) => {
      const given = a % (log.length + 1);
      const from = b % (log.length + 1);
      const to = Math.max(from, c % (log.length + 1), given);
      const anchor = new LogAnchor();
      anchor.pass(log.slice(0, given));
      const search = anchor.search(from === 0);
      const fresh: Fragment[] = [];
      for (let at = from; at < to; at += size + 1) {
        fresh.push(...search.take(log.slice(at, Math.min(at + size + 1, to))));
      }
      if (search.found) assertEquals(fresh, log.slice(given, to));
      else assertEquals(fresh, []);
      if (from === 0) assert(search.found, "in a whole picture it is always found");
    }),
    { numRuns: 2_000 },
  );
});

Deno.test("LogAnchor finds a line of one piece without anything before it, the second piece of a line only with", () => {
  const [line, first, second] = engineRecords([
    { stream: "stdout", bytes: Uint8Array.of(97, 10) },
    { stream: "stdout", bytes: new Uint8Array(30_000).fill(98) },
  ]);
  assert(line && first && second);
  const anchor = new LogAnchor();
  anchor.pass([line]);
  const search = anchor.search(false);
  assertEquals([search.take([line, first]), search.found], [[first], true]);
  anchor.pass([first]);
  const unsure = anchor.search(false);
  assertEquals([unsure.take([first, second]), unsure.found], [[], false]);
  const sure = anchor.search(false);
  assertEquals([sure.take([line, first, second]), sure.found], [[second], true]);
});

Deno.test("LogAnchor of an empty log takes all of a whole picture for new, and nothing of a part", () => {
  const log = engineRecords([{ stream: "stderr", bytes: Uint8Array.of(97, 10) }]);
  const anchor = new LogAnchor();
  assertEquals(anchor.search(true).take(log), log);
  assertEquals(anchor.search(false).take(log), []);
});
