import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { LogEvent } from "../event/log.ts";
import { exactEvent, MAX_KEY_BYTES, plainEvent, plainKey } from "./plain_event.ts";
import { UnstorableLogError } from "./unstorable_log_error.ts";

const EVENT: LogEvent = {
  event_id: "8c3c51c2a5a4e2f0a1b2c3d4",
  job_id: "job",
  job_type: "plugin",
  container_name: "job-1",
  line: "one\tline\r",
  stream: "stdout",
  eos: false,
  timestamp: "2026-01-15T12:01:02.123456+00:00",
};

Deno.test("plainEvent() leaves ordinary events alone", () => {
  assertEquals(plainEvent(EVENT), { event: EVENT, original: null });
});

Deno.test("plainEvent() leaves nothing in any text that a database cannot hold, and exactEvent() brings it back", () => {
  const text = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.constantFrom("\0", "a\0b", "\ud800", "x\udc00y", ""),
  );
  const fields = fc.record({
    job_id: text.filter((id) => id !== ""),
    line: text,
    container_name: text,
    container_id: fc.option(text, { nil: undefined }),
  });
  fc.assert(fc.property(fields, ({ container_id, ...rest }) => {
    const event = { ...EVENT, ...rest, ...(container_id === undefined ? {} : { container_id }) };
    const plain = plainEvent(event);
    const stored = JSON.stringify(plain.event);
    assert(!stored.includes("\\u0000") && !/\\ud[89a-f]/.test(stored));
    assert(plain.original === null || !plain.original.includes("\0"));
    assertEquals(exactEvent(plain), event);
  }));
});

Deno.test("plainEvent() keeps the moment of an odd time and the text of it", () => {
  const times = ["2026-01-15T14:01:02.5+02:00", "2026-01-15T12:01:02.5Z", "2026-01-15T12:01:02.000000+00:00"];
  const plain = times.map((timestamp) => plainEvent({ ...EVENT, timestamp }));
  assertEquals(plain.map(({ event }) => event.timestamp), [
    "2026-01-15T12:01:02.500000+00:00",
    "2026-01-15T12:01:02.500000+00:00",
    "2026-01-15T12:01:02+00:00",
  ]);
  assertEquals(plain.map((stored) => exactEvent(stored).timestamp), times);
});

Deno.test("plainEvent() puts times of other eras at 1970", () => {
  for (const timestamp of ["0000-01-01T00:00:00Z", "9999-12-31T23:59:59+00:00"]) {
    assert(LogEvent.safeParse({ ...EVENT, timestamp }).success);
    assertEquals(plainEvent({ ...EVENT, timestamp }).event.timestamp, "1970-01-01T00:00:00+00:00");
  }
});

Deno.test("plainEvent() keeps NUL where the store can hold it, but never a broken surrogate", () => {
  const event = { ...EVENT, line: "a\0b" };
  assertEquals(plainEvent(event, { holdsNul: true }), { event, original: null });
  assertEquals(plainEvent({ ...EVENT, line: "\0\ud800" }, { holdsNul: true }).event.line, "\0\ufffd");
});

Deno.test("G1 plainEvent() keeps that lines before this one may be missing", () => {
  const event = { ...EVENT, gap: true };
  assertEquals(exactEvent(plainEvent(event)), event);
});

Deno.test("plainKey() keeps different ids different and usual ones as they are", () => {
  const ids = [
    "a",
    "a\0",
    "a\u2400",
    "a\u24000;",
    "\u2400",
    "\u2400\u2400",
    "\ud800",
    "\ufffd",
    "\u2400d800;",
  ];
  const keys = ids.map(plainKey);
  assertEquals(new Set(keys).size, ids.length);
  assert(keys.every((key) => key.isWellFormed() && !key.includes("\0")));
  assertEquals(plainKey("swift-job.1_x"), "swift-job.1_x");
});

Deno.test("G9 plainEvent() refuses an id that is too long in bytes, however few characters it has", () => {
  for (const [letter, bytes] of [["x", 1], ["ü", 2], ["日", 3], ["🐟", 4]] as const) {
    const most = Math.floor(MAX_KEY_BYTES / bytes);
    const fits = { ...EVENT, job_id: letter.repeat(most) };
    assertEquals(plainEvent(fits), { event: fits, original: null });
    const tooLong = { ...EVENT, job_id: letter.repeat(most + 1) };
    assertThrows(() => plainEvent(tooLong), UnstorableLogError, `${bytes * (most + 1)} bytes`);
  }
});
