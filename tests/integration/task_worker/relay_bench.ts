/**
 * What the relay's tests look at: what was to go out, and what the streams have.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import type { StatusEvent } from "lib/event/status.ts";
import { silentLogger as log } from "lib/run/log.ts";
import type { Sql } from "lib/store/open.ts";
import { addToOutbox, listOutbox } from "lib/store/outbox.ts";
import { shardKey, shardOf } from "lib/stream/keys.ts";
import { confirmationOf } from "../../../workers/task_worker/record_status.ts";
import type { Relay, RelayOptions } from "../../../workers/task_worker/relay.ts";
import { type Bench, entriesOf, eventOf } from "./bench.ts";

/** A relay that looks often. */
export const OPTIONS: RelayOptions = {
  numShards: 2,
  status: { base: "stream:job-status", maxlen: 100_000 },
  workflow: { base: "stream:job-workflow", maxlen: 100_000 },
  pollMs: 20,
  log,
};

/** Runs relays until `body` resolves. */
export async function whileRelaying(relays: readonly Relay[], body: () => Promise<void>): Promise<void> {
  const stop = new AbortController();
  const running = Promise.all(relays.map((relay) => relay.run(stop.signal)));
  try {
    await body();
  } finally {
    stop.abort();
    await running;
  }
}

/** Event ids of a job as they stand in a stream. */
export async function sent(bench: Bench, jobId: string, base: string): Promise<unknown[]> {
  const entries = await entriesOf(bench.redis, shardKey(base, shardOf(jobId, 2)));
  return entries.filter(({ event }) => event.job_id === jobId).map(({ event }) => event.event_id);
}

/** Event ids of a job as they were to go out. */
export async function wanted(bench: Bench, jobId: string, stream: "status" | "workflow"): Promise<string[]> {
  return (await listOutbox<StatusEvent>(bench.sql, jobId, stream)).map(({ event }) => event.event_id);
}

/** Fails unless the streams have what was to go out of a job, in order, and nothing else. */
export async function assertSent(bench: Bench, jobId: string): Promise<void> {
  assertEquals(await sent(bench, jobId, "stream:job-status"), await wanted(bench, jobId, "status"));
  assertEquals(await sent(bench, jobId, "stream:job-workflow"), await wanted(bench, jobId, "workflow"));
}

/** Events that have not gone out. */
export async function unpublished(bench: Bench): Promise<number> {
  const [row] = await bench.sql`SELECT count(*)::int AS left FROM job_outbox WHERE published_at IS NULL`;
  return row?.left;
}

/** A confirmation that is to go out, as the `index`th of its job. */
export async function confirm(sql: Sql, jobId: string, index: number): Promise<void> {
  const event = confirmationOf(eventOf({ jobId, step: "plugin", status: "finishedSuccessfully", at: index }));
  if (event) await addToOutbox(sql, { stream: "status", event });
}
