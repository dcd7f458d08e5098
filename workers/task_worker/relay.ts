/**
 * Publishes what the outbox holds, in order per job, and notes where it went. Any number of relays may run; one
 * at a time works.
 *
 * @module
 */
import type { Redis } from "ioredis";
import { encodeStatusEvent, encodeWorkflowEvent } from "lib/event/codec.ts";
import type { StatusEvent } from "lib/event/status.ts";
import type { WorkflowEvent } from "lib/event/workflow.ts";
import type { Logger } from "lib/run/log.ts";
import { OutageError } from "lib/run/outage_error.ts";
import { backoffMs } from "lib/run/backoff.ts";
import { sleep } from "lib/run/sleep.ts";
import type { Worker } from "lib/run/worker.ts";
import { lockUnpublished, markPublished, type OutboxRow, publishedMemoKey } from "lib/store/outbox.ts";
import { inTransaction } from "lib/store/transaction.ts";
import { shardKey, shardOf } from "lib/stream/keys.ts";
import { type Publication, publishOnce } from "lib/stream/publish_once.ts";
import type { Sql } from "lib/store/open.ts";

/** Rows published in one step. */
const BATCH = 500;

/** Where the outbox goes. */
export interface RelayOptions {
  readonly numShards: number;
  readonly status: { readonly base: string; readonly maxlen: number };
  readonly workflow: { readonly base: string; readonly maxlen: number };
  /** Pause after which rows are looked for without a nudge (ms). */
  readonly pollMs: number;
  readonly log: Logger;
}

/** The outbox relay. */
export class Relay implements Worker {
  readonly name = "outbox relay";
  readonly #sql: Sql;
  readonly #redis: Redis;
  readonly #options: RelayOptions;
  #nudged = Promise.withResolvers<void>();

  constructor(sql: Sql, redis: Redis, options: RelayOptions) {
    this.#sql = sql;
    this.#redis = redis;
    this.#options = options;
  }

  /** Says that there may be something to publish. */
  nudge(): void {
    this.#nudged.resolve();
  }

  /** Publishes until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    for (let faults = 0, busy = 0; !signal.aborted;) {
      this.#nudged = Promise.withResolvers<void>();
      try {
        const published = await this.runOnce();
        faults = 0;
        busy = published === null ? busy + 1 : 0;
        if (published === BATCH) continue;
        // Another relay may have looked just before what we were nudged for was there.
        const pauseMs = busy > 0
          ? backoffMs(busy, { baseMs: 20, capMs: this.#options.pollMs })
          : this.#options.pollMs;
        await Promise.race([this.#nudged.promise, sleep(pauseMs, signal)]);
      } catch (error) {
        const level = error instanceof OutageError ? "warn" : "error";
        if (faults++ === 0) this.#options.log[level]({ error }, "the outbox waits");
        await sleep(backoffMs(faults), signal);
      }
    }
  }

  /** One pass; returns how many events went out, or null if another relay is at work. */
  async runOnce(): Promise<number | null> {
    return await inTransaction(this.#sql, "publish the outbox", async (tx) => {
      const rows = await lockUnpublished(tx, BATCH);
      if (rows === null) return null;
      if (rows.length === 0) return 0;
      const entryIds = await publishOnce(this.#redis, rows.map((row) => this.#publication(row)));
      await markPublished(tx, rows, entryIds);
      return rows.length;
    });
  }

  #publication(row: OutboxRow): Publication {
    const target = this.#options[row.stream];
    return {
      stream: shardKey(target.base, shardOf(row.jobId, this.#options.numShards)),
      maxlen: target.maxlen,
      memo: publishedMemoKey(row.jobId),
      key: row.id,
      data: row.stream === "status"
        ? encodeStatusEvent(row.event as StatusEvent)
        : encodeWorkflowEvent(row.event as WorkflowEvent),
    };
  }
}
