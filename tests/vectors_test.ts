/**
 * The golden vectors of the wire format (`data/wire_vectors.json`): what the reference implementation writes,
 * byte for byte. Every group and every vector of the file is checked.
 */
import { assert, assertEquals } from "@std/assert";
import {
  decodeLogEvent,
  decodeStatusEvent,
  decodeWorkflowEvent,
  encodeLogEvent,
  encodeStatusEvent,
  encodeWorkflowEvent,
} from "lib/event/codec.ts";
import { logEventId, statusEventId, workflowEventId } from "lib/event/event_id.ts";
import { hashedTimestamp, wireTimestamp } from "lib/event/timestamp.ts";
import { dockerStatus } from "lib/job/docker_status.ts";
import { containerName, identify } from "lib/job/identity.ts";
import { kubeJobStatus } from "lib/job/kube_status.ts";
import { shardOf } from "lib/stream/keys.ts";
import vectors from "./data/wire_vectors.json" with { type: "json" };

const LABELS = ["org.chrisproject.job_type", "chrisproject.org/job-type"];

/** Checks both directions against the exact bytes, and that the event is what the vector says. */
function checkBytes<Event extends { timestamp: string }>(
  vector: { data: string; event: unknown; raw: string },
  decode: (data: string) => Event,
  encode: (event: Event) => string,
): Event {
  const event = decode(vector.data);
  assertEquals<unknown>(event, vector.event);
  assertEquals(encode(event), vector.data);
  assertEquals(wireTimestamp(event.timestamp), event.timestamp);
  return event;
}

Deno.test("every group of the vectors is known here and has vectors", () => {
  const { about: _, ...groups } = vectors;
  assertEquals(Object.keys(groups), [
    "shards",
    "status_events",
    "log_events",
    "workflow_events",
    "container_names",
    "docker_states",
    "kubernetes_job_statuses",
  ]);
  for (const [name, group] of Object.entries(groups)) assert(group.length > 0, name);
});

Deno.test("shardOf() agrees with every vector", () => {
  for (const { job_id, shard } of vectors.shards) {
    for (const [shards, expected] of Object.entries(shard)) {
      assertEquals(shardOf(job_id, Number(shards)), expected, `${job_id} of ${shards}`);
    }
  }
});

Deno.test("status events agree with every vector in id and bytes, both ways", () => {
  for (const vector of vectors.status_events) {
    const event = checkBytes(vector, decodeStatusEvent, encodeStatusEvent);
    assertEquals(statusEventId(event), event.event_id);
    assert(vector.raw.endsWith(hashedTimestamp(event.timestamp)), vector.raw);
  }
});

Deno.test("log events agree with every vector in id and bytes, both ways", () => {
  for (const vector of vectors.log_events) {
    const event = checkBytes(vector, decodeLogEvent, encodeLogEvent);
    assertEquals(logEventId(event), event.event_id);
  }
});

Deno.test("workflow events agree with every vector in id and bytes, both ways", () => {
  for (const vector of vectors.workflow_events) {
    const event = checkBytes(vector, decodeWorkflowEvent, encodeWorkflowEvent);
    assertEquals(workflowEventId(event), event.event_id);
  }
});

Deno.test("identify() agrees with every vector, and containerName() goes back", () => {
  for (const { name, labels, job_id, job_type } of vectors.container_names) {
    const given: Record<string, string | undefined> = labels;
    const label = LABELS.find((label) => label in given) ?? LABELS[0] ?? "";
    const identity = identify(name, given, label);
    assertEquals<unknown>(identity, { job_id, job_type });
    assertEquals(identify(`/${name}`, given, label), identity);
    if (identity) assertEquals(containerName(identity.job_id, identity.job_type), name);
  }
});

Deno.test("dockerStatus() agrees with every vector", () => {
  for (const { state, status } of vectors.docker_states) {
    assertEquals<string>(dockerStatus(state), status, JSON.stringify(state));
  }
});

Deno.test("kubeJobStatus() agrees with every vector", () => {
  for (const { status, job_status } of vectors.kubernetes_job_statuses) {
    assertEquals<string>(kubeJobStatus(status), job_status, JSON.stringify(status));
  }
});
