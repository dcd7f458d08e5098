import { assertEquals, assertRejects } from "@std/assert";
import { StatusEvent } from "lib/event/status.ts";
import { OutageError } from "lib/run/outage_error.ts";
import { dispatcher } from "./dispatcher.ts";

type Put = [shard: number, ids: string[]];

function entry(n: number, jobId: string, status: string, eventId = `event${n}`) {
  const event = StatusEvent.parse({
    event_id: eventId,
    job_id: jobId,
    job_type: "plugin",
    status,
    timestamp: "2026-01-15T10:00:00+00:00",
    source: "docker",
  });
  return { id: `${n}-0`, position: `${n}-0`, event };
}

/** Jobs live on the shard that their last digit names. */
const shardOf = (jobId: string) => Number(jobId.at(-1));

function recorder() {
  const puts: Put[] = [];
  const payloads: unknown[] = [];
  const handler = dispatcher((shard, tasks) => {
    puts.push([shard, tasks.map((task) => task.id)]);
    payloads.push(...tasks.map((task) => task.payload));
    return Promise.resolve();
  }, shardOf);
  return { puts, payloads, handler };
}

Deno.test("dispatcher() puts one task per event into its shard's queue, in the order of the stream", async () => {
  const { puts, payloads, handler } = recorder();
  const entries = [
    entry(1, "job-1", "notStarted"),
    entry(2, "job-2", "started"),
    entry(3, "job-1", "started"),
  ];
  await handler(entries);
  assertEquals(puts, [[1, ["status_event1", "status_event3"]], [2, ["status_event2"]]]);
  assertEquals(payloads[0], { event: entries[0]?.event, entry_id: "1-0" });
});

Deno.test("dispatcher() drops confirmations, which would go round in circles", async () => {
  const { puts, handler } = recorder();
  await handler([entry(1, "job-1", "confirmed_undefined"), entry(2, "job-1", "undefined")]);
  await handler([entry(3, "job-1", "confirmed_finishedSuccessfully")]);
  assertEquals(puts, [[1, ["status_event2"]]]);
});

Deno.test("dispatcher() makes ids that the queue allows, different for different events", async () => {
  const { puts, handler } = recorder();
  await handler(["12345", "a:b", "a%3Ab", "wait"].map((id, n) => entry(n, "job-1", "started", id)));
  assertEquals(puts, [[1, ["status_12345", "status_a%3Ab", "status_a%253Ab", "status_wait"]]]);
});

Deno.test("G9 dispatcher() makes a task of its own of an event put back, which still knows its first place", async () => {
  const { puts, payloads, handler } = recorder();
  const requeued = { ...entry(9, "job-1", "started"), position: "2-0" };
  await handler([requeued]);
  assertEquals(puts, [[1, ["status_event9_9-0"]]]);
  assertEquals(payloads, [{ event: requeued.event, entry_id: "9-0", requeued_from: "2-0" }]);
});

Deno.test("dispatcher() lets an outage of the queue through, so that the events are put again", async () => {
  const handler = dispatcher(() => Promise.reject(new OutageError("task broker", "put")), shardOf);
  await assertRejects(() => handler([entry(1, "job-1", "started")]), OutageError);
});
