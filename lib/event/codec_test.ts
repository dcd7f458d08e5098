import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import {
  decodeLogEvent,
  decodeStatusEvent,
  decodeWorkflowEvent,
  encodeLogEvent,
  encodeStatusEvent,
  encodeWorkflowEvent,
  UndecodableEntryError,
} from "./codec.ts";
import type { LogEvent } from "./log.ts";
import type { StatusEvent } from "./status.ts";

const status: StatusEvent = {
  event_id: "d8db17bf9724e8e79d4398cd",
  job_id: "job-1",
  job_type: "plugin",
  status: "started",
  previous_status: null,
  image: "",
  cmd: "",
  message: "",
  exit_code: null,
  timestamp: "2026-01-15T12:01:02+00:00",
  source: "docker",
};
const log: LogEvent = {
  event_id: "88db809e3f55bc3c42705981",
  job_id: "job-1",
  job_type: "plugin",
  container_name: "job-1",
  line: "hello",
  stream: "",
  eos: false,
  timestamp: "2026-01-15T12:01:02+00:00",
};

Deno.test("encodeStatusEvent() writes the fields of the wire in their order, whatever order they come in", () => {
  const shuffled = Object.fromEntries(Object.entries(status).reverse()) as StatusEvent;
  assertEquals(encodeStatusEvent(shuffled), JSON.stringify(status));
});

Deno.test("encodeStatusEvent() leaves additions out that are not there, and keeps an explicit null", () => {
  const reference = Object.keys(status);
  assertEquals(Object.keys(JSON.parse(encodeStatusEvent({ ...status, container_id: undefined }))), reference);
  const full = encodeStatusEvent({ ...status, reason: null, container_id: "c1" });
  assertEquals(Object.keys(JSON.parse(full)), [...reference, "container_id", "reason"]);
});

Deno.test("encoders let no unknown field travel on", () => {
  const extended = { ...log, password: "x" };
  assertEquals(encodeLogEvent(extended), JSON.stringify(log));
});

Deno.test("decodeStatusEvent() fills in what the reference may leave out, and drops what it does not know", () => {
  const { event_id, job_id, job_type, timestamp, source } = status;
  const short = { event_id, job_id, job_type, timestamp, source, status: "started", future: 1 };
  assertEquals(decodeStatusEvent(JSON.stringify(short)), status);
});

Deno.test("decodeLogEvent() takes a reference event, whose stream is always empty, and times that end in Z", () => {
  const { stream: _, eos: __, ...short } = { ...log, timestamp: "2026-01-15T12:01:02.5Z" };
  assertEquals(decodeLogEvent(JSON.stringify(short)), { ...log, timestamp: "2026-01-15T12:01:02.5Z" });
});

Deno.test("G9 decoders say at once that an entry can never be understood", () => {
  const poison = ["", "{", "null", "[]", "42", `"text"`, "{}", "\0", '{"event_id":"x"}'];
  for (const decode of [decodeStatusEvent, decodeLogEvent, decodeWorkflowEvent]) {
    for (const data of poison) assertThrows(() => decode(data), UndecodableEntryError, "Cannot decode");
  }
});

Deno.test("G9 decoders name every field that is wrong, and what would be right", () => {
  const bad = { ...status, job_id: "", status: "running", timestamp: "yesterday", exit_code: 1.5 };
  const { message } = assertThrows(() => decodeStatusEvent(JSON.stringify(bad)), UndecodableEntryError);
  for (const field of ["job_id: ", "status: ", "timestamp: ", "exit_code: "]) {
    assert(message.includes(field), message);
  }
  assert(message.includes("finishedSuccessfully"), message);
});

Deno.test("UndecodableEntryError goes by its own name and keeps its cause", () => {
  const error = assertThrows(() => decodeLogEvent("{"), UndecodableEntryError, "not JSON");
  assertEquals(error.name, UndecodableEntryError.name);
  assert(error.cause instanceof SyntaxError);
});

Deno.test("G2 a line comes back from the wire as it went on, whatever is in it", () => {
  const line = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.constantFrom("\r50%\r100%", "\0", "\u2028", "\x1b[31m", ""),
  );
  const additions = fc.record({
    container_id: fc.stringMatching(/^[0-9a-f]{64}$/),
    seq: fc.nat(),
    lossy: fc.boolean(),
    truncated: fc.integer({ min: 1 }),
  }, { requiredKeys: [] });
  fc.assert(fc.property(line, additions, (line, additions) => {
    const event = { ...log, line, ...additions };
    const data = encodeLogEvent(event);
    assert(!data.includes("\n"));
    assertEquals(decodeLogEvent(data), event);
    assertEquals(encodeLogEvent(decodeLogEvent(data)), data);
  }));
});

Deno.test("decodeWorkflowEvent() brings back what encodeWorkflowEvent() wrote", () => {
  const event = {
    event_id: "4cc1850e31a00f38848f1dc7",
    job_id: "job-1",
    current_step: "cleanup",
    current_step_status: "held",
    workflow_status: "cancelled",
    error: "waiting for the log",
    timestamp: "2026-01-15T12:01:02+00:00",
  } as const;
  assertEquals(decodeWorkflowEvent(encodeWorkflowEvent(event)), event);
  assertThrows(
    () => decodeWorkflowEvent(JSON.stringify({ ...event, current_step: "pause" })),
    UndecodableEntryError,
    "current_step: ",
  );
});
