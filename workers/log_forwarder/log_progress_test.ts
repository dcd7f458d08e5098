import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { engineRecords, type LogFileRecord, testTime, type Write } from "lib/testing/engine_log.ts";
import { logEventId } from "lib/event/event_id.ts";
import { decodeCursor, encodeCursor, type LogCursor, NOTHING_PUBLISHED } from "./cursor.ts";
import { lineEvent, type LogSubject } from "./log_events.ts";
import { LogProgress, type NewLine } from "./log_progress.ts";

const OPTIONS = { maxLineBytes: 1_048_576 };
const SECOND = 1_000_000_000;
const SUBJECT: LogSubject = {
  container_id: "c1",
  container_name: "job-1",
  job_id: "job-1",
  job_type: "plugin",
  created_at: "2026-01-15T12:00:00Z",
};
const text = (value: string) => new TextEncoder().encode(value);

/** What Docker answers: in the order of the file, without the records of earlier times. */
function readLog(file: readonly LogFileRecord[], since: string | null): LogFileRecord[] {
  return file.filter((record) => since === null || record.time >= since);
}

/** One life of a forwarder: reads `file` from the cursor on, and dies after having published `batches` batches. */
function live(
  file: readonly LogFileRecord[],
  cursor: LogCursor,
  options: { batches: number; batchSize: number; ends: boolean },
) {
  const progress = new LogProgress(cursor, OPTIONS);
  const records = readLog(file, cursor.since);
  const published: NewLine[] = [];
  let stored = cursor;
  for (let at = 0, batches = 0; at < records.length; at += options.batchSize) {
    const lines = progress.add(records.slice(at, at + options.batchSize));
    if (lines.length === 0) continue;
    if (batches++ === options.batches) return { published, cursor: stored };
    published.push(...lines);
    stored = decodeCursor(encodeCursor(progress.cursor()));
  }
  if (options.ends) {
    published.push(...progress.finish());
    stored = progress.cursor();
  }
  return { published, cursor: stored };
}

/** What a forwarder publishes that never dies. */
function whole(file: readonly LogFileRecord[]): NewLine[] {
  return live(file, NOTHING_PUBLISHED, { batches: Infinity, batchSize: 1_000, ends: true }).published;
}

function essence(lines: readonly NewLine[]) {
  return lines.map((line) => ({ ...line, id: logEventId({ ...lineEvent(SUBJECT, line) }, line.repeat) }));
}

const writes: fc.Arbitrary<Write[]> = fc.array(
  fc.record({
    stream: fc.constantFrom("stdout" as const, "stderr" as const),
    bytes: fc.oneof(
      fc.constantFrom("same\n", "same\n", "\n", "a", "b\n", "tail").map(text),
      fc.nat(999).map((n) => text(`line ${n}\n`)),
      fc.constantFrom(new Uint8Array(16_384).fill(97), new Uint8Array(33_000).fill(98)),
    ),
  }),
  { maxLength: 25 },
);
/** Steps of the clock between lines (ns): equal times, one microsecond, or past the overlap. */
const steps = fc.array(fc.constantFrom(0, 0, 1, 400, 1_000, 3 * SECOND, 8 * SECOND), {
  minLength: 1,
  maxLength: 30,
});

function clockOf(deltas: readonly number[]) {
  return (line: number) =>
    Array.from({ length: line }, (_, i) => deltas[i % deltas.length] ?? 0).reduce((a, b) => a + b, 0);
}

Deno.test("G1 a forwarder that dies anywhere and comes back publishes each line exactly once, in order", () => {
  const deaths = fc.array(fc.record({ batches: fc.nat(4), batchSize: fc.integer({ min: 1, max: 7 }) }), {
    maxLength: 6,
  });
  fc.assert(
    fc.property(writes, steps, deaths, (input, deltas, lives) => {
      const file = engineRecords(input, clockOf(deltas));
      const expected = essence(whole(file));
      assertEquals(new Set(expected.map(({ id }) => id)).size, expected.length, "no two lines share an id");
      let cursor = NOTHING_PUBLISHED;
      const published: NewLine[] = [];
      for (const life of [...lives, { batches: Infinity, batchSize: 3 }]) {
        const result = live(file, cursor, { ...life, ends: life.batches === Infinity });
        published.push(...result.published);
        cursor = result.cursor;
      }
      assertEquals(essence(published), expected);
      assertEquals(published.map(({ seq }) => seq), expected.map((_, i) => i + 1));
    }),
    { numRuns: 400 },
  );
});

Deno.test("G1 a forwarder cut off after every single line publishes 1…n (all cut points)", () => {
  const input = Array.from(
    { length: 60 },
    (_, i): Write => ({ stream: i % 3 ? "stdout" : "stderr", bytes: text(`${i + 1}\n`) }),
  );
  const file = engineRecords(input, (line) => Math.floor(line / 4) * SECOND);
  for (let cut = 0; cut <= file.length; cut++) {
    const first = live(file, NOTHING_PUBLISHED, { batches: cut, batchSize: 1, ends: false });
    const second = live(file, first.cursor, { batches: Infinity, batchSize: 1, ends: true });
    assertEquals(
      [...first.published, ...second.published].map((line) => line.text),
      input.map((_, i) => `${i + 1}`),
    );
  }
});

Deno.test("G1 a reading while the container still writes loses nothing of what comes later", () => {
  fc.assert(
    fc.property(writes, steps, fc.array(fc.nat(60), { maxLength: 5 }), (input, deltas, cuts) => {
      const file = engineRecords(input, clockOf(deltas));
      let cursor = NOTHING_PUBLISHED;
      const published: NewLine[] = [];
      for (const seen of [...cuts.sort((a, b) => a - b), file.length]) {
        const ends = seen >= file.length;
        const result = live(file.slice(0, seen), cursor, { batches: Infinity, batchSize: 5, ends });
        published.push(...result.published);
        cursor = result.cursor;
        if (ends) break;
      }
      assertEquals(essence(published), essence(whole(file)));
    }),
    { numRuns: 300 },
  );
});

Deno.test("G1 streams that overtake each other by less than the overlap lose nothing at a restart", () => {
  const lateness = fc.array(fc.tuple(fc.constantFrom("stdout" as const, "stderr" as const), fc.nat(4_000)), {
    minLength: 2,
    maxLength: 40,
  });
  fc.assert(
    fc.property(lateness, fc.nat(40), (plan, cut) => {
      // Each line is stamped `late` ms before it is stored; within a stream stamps never fall.
      const latest = { stdout: 0, stderr: 0 };
      const file = plan.map(([stream, late], i): LogFileRecord => {
        const stamp = latest[stream] = Math.max(latest[stream], 10_000 + i * 700 - late);
        return { stream, time: testTime(stamp * 1_000_000), bytes: text(`${i}`), newline: true };
      });
      const first = live(file.slice(0, cut), NOTHING_PUBLISHED, {
        batches: Infinity,
        batchSize: 1,
        ends: false,
      });
      const second = live(file, first.cursor, { batches: Infinity, batchSize: 1, ends: true });
      assertEquals(
        [...first.published, ...second.published].map((line) => line.text),
        plan.map((_, i) => `${i}`),
      );
    }),
    { numRuns: 300 },
  );
});

Deno.test("G1 a clock that was set back during a reading neither loses nor doubles lines at a restart", () => {
  const stamps = [100, 101, 102, 50, 51, 52, 60, 90, 102.5, 103, 110];
  const streams = [
    "stdout",
    "stdout",
    "stdout",
    "stdout",
    "stdout",
    "stderr",
    "stderr",
    "stderr",
    "stdout",
    "stdout",
    "stderr",
  ] as const;
  const file = stamps.map((second, i): LogFileRecord => ({
    stream: streams[i] ?? "stdout",
    time: testTime(second * SECOND),
    bytes: text(`${i}`),
    newline: true,
  }));
  for (let cut = 4; cut <= file.length; cut++) {
    const first = live(file.slice(0, cut), NOTHING_PUBLISHED, {
      batches: Infinity,
      batchSize: 1,
      ends: false,
    });
    const second = live(file, first.cursor, { batches: Infinity, batchSize: 1, ends: true });
    assertEquals(
      [...first.published, ...second.published].map((line) => line.text),
      stamps.map((_, i) => `${i}`),
      `cut at ${cut}`,
    );
  }
});

Deno.test("G1 what the runtime dropped from the begin of a log is skipped, and nothing after it", () => {
  const file = Array.from({ length: 40 }, (_, i): LogFileRecord => ({
    stream: "stdout",
    time: testTime(i * SECOND),
    bytes: text(`${i}`),
    newline: true,
  }));
  const first = live(file.slice(0, 20), NOTHING_PUBLISHED, { batches: Infinity, batchSize: 1, ends: false });
  for (let kept = 0; kept <= 30; kept++) {
    const second = live(file.slice(kept), first.cursor, { batches: Infinity, batchSize: 1, ends: true });
    assertEquals(
      second.published.map((line) => line.text),
      Array.from({ length: 40 - Math.max(kept, 20) }, (_, i) => `${i + Math.max(kept, 20)}`),
    );
  }
});

Deno.test("G1 equal lines of one microsecond keep their ids wherever the forwarder is cut off between them", () => {
  const input = Array.from({ length: 6 }, (): Write => ({ stream: "stdout", bytes: text("same\n") }));
  const file = engineRecords(input, (line) => 500 + line * 100);
  const ids = essence(whole(file)).map(({ id }) => id);
  assertEquals(new Set(ids).size, 6);
  for (let cut = 0; cut <= 6; cut++) {
    const first = live(file, NOTHING_PUBLISHED, { batches: cut, batchSize: 1, ends: false });
    const second = live(file, first.cursor, { batches: Infinity, batchSize: 1, ends: true });
    assertEquals(
      essence([...first.published, ...second.published]).map(({ id }) => id),
      ids,
      `cut at ${cut}`,
    );
  }
});

Deno.test("LogProgress reopens before a line whose pieces are further apart than the overlap", () => {
  // As on Kubernetes, where each piece of a line has a time of its own.
  const piece = (
    second: number,
    bytes: string,
    newline: boolean,
    stream: "stdout" | "stderr" = "stdout",
  ): LogFileRecord => ({ stream, time: testTime(second * SECOND), bytes: text(bytes), newline });
  const file = [piece(10, "a", false), piece(20, "b", false), piece(30, "c", true), piece(31, "next", true)];
  // Less than the overlap before the other stream's line: the end of it is read again.
  const beside = [
    piece(10, "ab", false, "stderr"),
    piece(17, "c", true, "stderr"),
    piece(20, "next", true),
  ];
  for (const records of [file, beside]) {
    for (let cut = 0; cut <= records.length; cut++) {
      const first = live(records.slice(0, cut), NOTHING_PUBLISHED, {
        batches: Infinity,
        batchSize: 1,
        ends: false,
      });
      const second = live(records, first.cursor, { batches: Infinity, batchSize: 1, ends: true });
      assertEquals(
        [...first.published, ...second.published].map((line) => line.text),
        ["abc", "next"],
        `cut at ${cut}`,
      );
    }
  }
});

Deno.test("LogProgress reopens close behind the end of a quiet log, not at its begin", () => {
  const file = Array.from({ length: 100 }, (_, i): LogFileRecord => ({
    stream: i === 0 ? "stderr" : "stdout",
    time: testTime(i * SECOND),
    bytes: text("x"),
    newline: true,
  }));
  const { cursor } = live(file, NOTHING_PUBLISHED, { batches: Infinity, batchSize: 10, ends: false });
  assertEquals(cursor.since, testTime(94 * SECOND));
});

Deno.test("LogProgress.isNew tells whether a reading brought anything that was not published before", () => {
  const file = engineRecords([{ stream: "stdout", bytes: text("a\nb\n") }]);
  const { cursor } = live(file, NOTHING_PUBLISHED, { batches: Infinity, batchSize: 10, ends: false });
  const again = new LogProgress(cursor, OPTIONS);
  assertEquals(again.add(readLog(file, cursor.since)), []);
  assert(!again.isNew);
  assertEquals(again.add(engineRecords([{ stream: "stderr", bytes: text("c\n") }], () => SECOND)).length, 1);
  assert(again.isNew);
});

/** Lines of one piece, one a second, alternating between the streams given. */
function lineByLine(count: number, streams: readonly ("stdout" | "stderr")[] = ["stdout"]): LogFileRecord[] {
  return Array.from({ length: count }, (_, i) => ({
    stream: streams[i % streams.length] ?? "stdout",
    time: testTime(i * SECOND),
    bytes: text(`${i + 1}`),
    newline: true,
  }));
}

Deno.test("G1 lines that the runtime dropped unread are told by the first line after them, and by no other", () => {
  for (const streams of [["stdout"], ["stdout", "stderr"]] as const) {
    const file = lineByLine(100, streams);
    const { cursor } = live(file.slice(0, 40), NOTHING_PUBLISHED, {
      batches: Infinity,
      batchSize: 7,
      ends: false,
    });
    for (let dropped = 0; dropped <= 100; dropped++) {
      const progress = new LogProgress(cursor, OPTIONS);
      const lines = progress.add(readLog(file.slice(dropped), cursor.since));
      assertEquals(
        lines.map((line) => Number(line.text)),
        file.map((_, i) => i + 1).slice(Math.max(dropped, 40)),
      );
      // As long as the last line published is still there, nothing can be missing.
      const marks = lines.flatMap(({ gap }, i) => gap ? [i] : []);
      assertEquals(marks, dropped >= 40 && dropped < 100 ? [0] : [], `${dropped} dropped`);
      assertEquals(progress.isGap, dropped === 100, "a gap before the end is known, too");
      assertEquals(lines.map(({ seq }) => seq), lines.map((_, i) => 41 + i), "the count goes on");
      const again = new LogProgress(progress.cursor(), OPTIONS);
      assertEquals(again.add(readLog(file.slice(dropped), progress.cursor().since)), [], "told once");
    }
  }
});

Deno.test("G1 a gap is seen although the last line is older than an unfinished one by far more than the overlap", () => {
  const whole = lineByLine(1);
  const open = { stream: "stdout" as const, time: testTime(100 * SECOND), bytes: text("a"), newline: false };
  const { cursor } = live([...whole, open], NOTHING_PUBLISHED, {
    batches: Infinity,
    batchSize: 9,
    ends: false,
  });
  assert(
    cursor.since !== null && cursor.since <= testTime(0),
    "reading begins before the last line published",
  );
  const rest = { ...open, bytes: text("b"), newline: true };
  const next = new LogProgress(cursor, OPTIONS).add([...whole, open, rest]);
  assertEquals(next.map((line) => [line.text, line.gap]), [["ab", undefined]]);
  const cut = new LogProgress(cursor, OPTIONS).add([rest]);
  assertEquals(cut.map((line) => [line.text, line.gap]), [["b", true]]);
});

Deno.test("G1 a log that the runtime had cut before anyone read it begins with a gap", () => {
  const [first, second] = lineByLine(2);
  assert(first && second);
  const lines = new LogProgress(NOTHING_PUBLISHED, OPTIONS).add([{ ...first, beheaded: true }, second]);
  assertEquals(lines.map(({ gap }) => gap), [true, undefined]);
});
