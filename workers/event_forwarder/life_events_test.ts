import { assertEquals } from "@std/assert";
import { statusEventId } from "lib/event/event_id.ts";
import type { ContainerFacts } from "lib/runtime/runtime.ts";
import { lifeEvents, liveFacts, vanishedEvent } from "./life_events.ts";

const facts: ContainerFacts = {
  id: "c1",
  name: "chris-jid-42-copy",
  identity: { job_id: "chris-jid-42", job_type: "copy" },
  source: "docker",
  image: "ghcr.io/fnndsc/pl-simpledsapp:2.1.0",
  cmd: "copy",
  createdAt: "2026-01-15T12:01:00Z",
  phase: "ended",
  endedAt: "2026-01-15T12:01:02.12Z",
  life: [
    {
      status: "notStarted",
      previous_status: null,
      timestamp: "2026-01-15T12:01:00+00:00",
      exit_code: null,
      message: "created",
      reason: null,
    },
    {
      status: "started",
      previous_status: "notStarted",
      timestamp: "2026-01-15T12:01:01+00:00",
      exit_code: null,
      message: "running",
      reason: null,
    },
    {
      status: "finishedWithError",
      previous_status: "started",
      timestamp: "2026-01-15T12:01:02.120000+00:00",
      exit_code: 137,
      message: "exited",
      reason: { code: "oom-killed", text: "ran out of memory" },
    },
  ],
};

Deno.test("lifeEvents() tells every state in order, the golden vector's id among them", () => {
  const events = lifeEvents(facts);
  assertEquals(events.map(({ status }) => status), ["notStarted", "started", "finishedWithError"]);
  assertEquals(events[2]?.event_id, "2c333621978568f7cf767278");
  assertEquals(events[2]?.reason?.code, "oom-killed");
  assertEquals(events.map(({ container_id }) => container_id), ["c1", "c1", "c1"]);
});

Deno.test("lifeEvents() says nothing of a container that belongs to no job", () => {
  assertEquals(lifeEvents({ ...facts, identity: null }), []);
});

Deno.test("liveFacts() are kept as long as the container may still end", () => {
  const live = lifeEvents(facts).map(liveFacts);
  assertEquals(live.map((known) => known?.status ?? null), ["notStarted", "started", null]);
});

Deno.test("vanishedEvent() is the same whoever tells it: its time is that of the last state known", () => {
  const started = lifeEvents(facts)[1];
  const live = started && liveFacts(started);
  const event = live && vanishedEvent(live);
  const timestamp = "2026-01-15T12:01:01+00:00";
  assertEquals(
    event?.event_id,
    statusEventId({ job_id: "chris-jid-42", job_type: "copy", status: "undefined", timestamp }),
  );
  assertEquals([event?.status, event?.previous_status, event?.timestamp, event?.reason?.code], [
    "undefined",
    "started",
    timestamp,
    "vanished",
  ]);
});
