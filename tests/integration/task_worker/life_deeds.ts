/**
 * What the task worker does for a job in the course of its life, one deed after the other, as its tasks would: for
 * tests that disturb it.
 *
 * @module
 */
import type { Redis } from "ioredis";
import { JOB_TYPES, type JobType } from "lib/event/status.ts";
import { containerFlushedKey } from "lib/log_store/flushed_keys.ts";
import type { PfconClient } from "lib/pfcon/client.ts";
import { silentLogger as log } from "lib/run/log.ts";
import { sleep } from "lib/run/sleep.ts";
import type { Sql } from "lib/store/open.ts";
import { cleanUp } from "../../../workers/task_worker/clean_up.ts";
import { recordStatus } from "../../../workers/task_worker/record_status.ts";
import { Relay } from "../../../workers/task_worker/relay.ts";
import { runStep } from "../../../workers/task_worker/run_step.ts";
import { accept, lifeOf, NOW, STOP } from "./bench.ts";
import type { FaultPoints } from "./fault_points.ts";

/** What the deeds are done with. */
export interface Tools {
  readonly sql: Sql;
  readonly redis: Redis;
  readonly pfcon: PfconClient;
}

const JOB = "trial-1";
const STREAMS = { numShards: 1, pollMs: 1_000, log };
const status = { base: "stream:job-status", maxlen: 10_000 };
const workflow = { base: "stream:job-workflow", maxlen: 10_000 };

/** The deeds by name, in the order of a job that goes well; each may be done again. */
export function lifeDeeds(tools: Tools, points: FaultPoints): Record<string, () => Promise<void>> {
  const sql = points.sql(tools.sql);
  const redis = points.redis(tools.redis);
  const pfcon = points.pfcon(tools.pfcon);
  const context = { sql, redis, pfcon, now: () => NOW };
  const order = async (step: JobType) => {
    const patience = { startAttempts: 3, startGraceMs: 0, conflictPatienceMs: 600_000, stop: STOP };
    await runStep({ ...context, ...patience }, { jobId: JOB, step }, points.signal);
  };
  const hear = async (step: JobType) => {
    const container = JOB_TYPES.indexOf(step) + 1;
    const events = lifeOf(JOB, step, "finishedSuccessfully", { at: container * 10, container });
    for (const [index, event] of events.entries()) {
      await recordStatus(sql, { event, entryId: `${container}-${index}` }, { shard: 0, now: NOW });
    }
    await redis.set(containerFlushedKey(events[0]?.container_id ?? ""), "1");
  };
  const held = { hold: () => {}, release: () => {} };
  return {
    accept: () => accept(sql, JOB),
    ...Object.fromEntries(JOB_TYPES.flatMap((step) => [
      [`order ${step}`, () => order(step)],
      [`hear of ${step}`, () => hear(step)],
    ])),
    cleanUp: () => cleanUp({ ...context, held, quiescenceMs: null }, JOB, points.signal),
    relay: async () => {
      const relay = new Relay(sql, redis, { ...STREAMS, status, workflow });
      while (await relay.runOnce() === null) await sleep(20); // another one is still at work
    },
  };
}
