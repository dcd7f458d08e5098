import { assertEquals, assertNotEquals } from "@std/assert";
import { decodeLogEvent, encodeLogEvent } from "lib/event/codec.ts";
import { endOfStreamEvent, lastKnownMoment, lineEvent, type LogSubject, logSubject } from "./log_events.ts";
import type { NewLine } from "./log_progress.ts";
import { NOTHING_PUBLISHED } from "./cursor.ts";

const subject: LogSubject = {
  container_id: "c1",
  container_name: "chris-jid-42-copy",
  job_id: "chris-jid-42",
  job_type: "copy",
  created_at: "2026-01-15T12:01:01.5Z",
};
const line: NewLine = {
  stream: "stdout",
  time: "2026-01-15T12:01:02.000000999Z",
  text: "naïve café ✓ 日本語",
  lossy: false,
  truncated: null,
  seq: 3,
  repeat: 1,
};

const facts = {
  id: "c1",
  name: "x",
  identity: null,
  source: "docker" as const,
  image: "",
  cmd: "",
  createdAt: "",
  phase: "running" as const,
  endedAt: null,
  life: [],
};

Deno.test("lineEvent() has the id of the golden vector, the time cut to microseconds, and survives the wire", () => {
  const event = lineEvent(subject, line);
  assertEquals(event.event_id, "76fd7d9ace81680d2c395865");
  assertEquals(event.timestamp, "2026-01-15T12:01:02+00:00");
  assertEquals([event.seq, event.eos, event.container_id, event.lossy, event.truncated], [
    3,
    false,
    "c1",
    undefined,
    undefined,
  ]);
  assertEquals(decodeLogEvent(encodeLogEvent(event)), event);
});

Deno.test("lineEvent() says what was lost of a line, and tells repeated lines apart", () => {
  const event = lineEvent(subject, { ...line, lossy: true, truncated: 2_000_000, repeat: 2 });
  assertEquals([event.lossy, event.truncated], [true, 2_000_000]);
  assertNotEquals(event.event_id, lineEvent(subject, line).event_id);
});

Deno.test("endOfStreamEvent() has the id of the golden vector and counts the lines", () => {
  const named = { ...subject, container_name: "chris-jid-42", job_type: "plugin" as const };
  const event = endOfStreamEvent(named, { endedAt: "2026-01-15T12:01:02.120000999Z", seq: 17 });
  assertEquals(event.event_id, "29f87d584a60fcf86b52a101");
  assertEquals([event.eos, event.seq, event.line, event.stream], [true, 17, "", ""]);
});

Deno.test("lastKnownMoment() is the last line's time, without lines the container's creation", () => {
  const position = (time: string) => ({ time, count: 1, latest: time });
  const at = {
    stdout: position("2026-01-15T12:00:03.000000000Z"),
    stderr: position("2026-01-15T12:00:09.000000000Z"),
  };
  assertEquals(lastKnownMoment(subject, { ...NOTHING_PUBLISHED, at }), "2026-01-15T12:00:09.000000000Z");
  assertEquals(lastKnownMoment(subject, NOTHING_PUBLISHED), subject.created_at);
  const setBack = { ...position("2026-01-15T11:00:00.000000000Z"), latest: "2026-01-15T12:00:20.000000000Z" };
  assertEquals(
    lastKnownMoment(subject, { ...NOTHING_PUBLISHED, at: { ...at, stdout: setBack } }),
    setBack.latest,
    "also if the clock was set back",
  );
});

Deno.test("G1 the end told of a container that vanished has the id it had if it was told before", () => {
  const endedAt = "2026-01-15T12:00:09.5Z";
  const seen = { ...subject, ended_at: endedAt };
  assertEquals(lastKnownMoment(seen, NOTHING_PUBLISHED), endedAt);
  const again = endOfStreamEvent(seen, { endedAt: lastKnownMoment(seen, NOTHING_PUBLISHED), seq: 0 });
  assertEquals(again.event_id, endOfStreamEvent(subject, { endedAt, seq: 17 }).event_id);
});

Deno.test("logSubject() knows the end of a container that has ended", () => {
  const identity = { job_id: "x", job_type: "plugin" } as const;
  const ended = { ...facts, identity, phase: "ended" as const, endedAt: "2026-01-15T12:00:09.5Z" };
  assertEquals(logSubject(ended)?.ended_at, "2026-01-15T12:00:09.5Z");
  assertEquals(logSubject({ ...ended, phase: "running" })?.ended_at, undefined);
});

Deno.test("logSubject() is null for a container of no job", () => {
  assertEquals(logSubject(facts), null);
  assertEquals(logSubject({ ...facts, identity: { job_id: "x", job_type: "plugin" } })?.container_name, "x");
});
