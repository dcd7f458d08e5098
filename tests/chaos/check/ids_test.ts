import { assertEquals } from "@std/assert";
import vectors from "../../data/wire_vectors.json" with { type: "json" };
import { lineId, statusId, wireTime, workflowId } from "./ids.ts";

Deno.test("ids worked out here are those of the wire contract's vectors", () => {
  for (const { event } of vectors.status_events) {
    assertEquals(statusId(event.job_id, event.job_type, event.status, event.timestamp), event.event_id);
  }
  for (const { event } of vectors.log_events) assertEquals(lineId(event, 1), event.event_id);
  for (const { event } of vectors.workflow_events) assertEquals(workflowId(event), event.event_id);
});

Deno.test("the second of two equal lines at one time has another id", () => {
  const line = {
    job_id: "j",
    job_type: "plugin",
    container_name: "j",
    stream: "",
    timestamp: "t",
    line: "x",
  };
  assertEquals(new Set([lineId(line, 1), lineId(line, 2), lineId({ ...line, line: "x:2" }, 1)]).size, 2);
});

Deno.test("the engine's times are cut off below a microsecond", () => {
  assertEquals(wireTime("2026-01-15T12:01:02.123456789Z"), "2026-01-15T12:01:02.123456+00:00");
  assertEquals(wireTime("2026-01-15T12:01:02.0000009Z"), "2026-01-15T12:01:02+00:00");
  assertEquals(wireTime("2026-01-15T12:01:02Z"), "2026-01-15T12:01:02+00:00");
});
