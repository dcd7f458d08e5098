/**
 * Publishes what the outbox holds, in order per job, and notes where it went. Any number of relays may run; one
 * at a time works.
 *
 * A Redis may lose what was published (FLUSHALL, a failover, a restart without its last second). It loses the
 * latest of all it has, so the number of the last publication, which each publication writes to Redis, goes back
 * too. The relay looks at it with each pass, and publishes again what came after (G6, G14).
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
import { type OpenSpan, openSpan, TRACING } from "lib/run/trace.ts";
import { unlessAborted } from "lib/run/unless_aborted.ts";
import type { Worker } from "lib/run/worker.ts";
import {
  lastPublication,
  listUnpublished,
  lockRelay,
  markPublished,
  nextPublication,
  type OutboxRow,
  PUBLICATION_MARK_KEY,
  publishedMemoField,
  publishedMemoKey,
  unpublishAfter,
} from "lib/store/outbox.ts";
import { inTransaction } from "lib/store/transaction.ts";
import { shardKey, shardOf } from "lib/stream/keys.ts";
import { type Publication, type Published, publishOnce } from "lib/stream/publish_once.ts";
import { type Sql, withOutage } from "lib/store/open.ts";
import type { RelayMetrics } from "./metrics.ts";

/** Rows published in one step. */
const BATCH = 500;
/** Longest wait for Redis (ms). */
const ANSWER_MS = 10_000;
/** What Redis lost is published again if it went out within this time (ms): readers may have been away so long. */
const REPUBLISHED_MS = 24 * 3_600_000;

/** Where the outbox goes. */
export interface RelayOptions {
  readonly numShards: number;
  readonly status: { readonly base: string; readonly maxlen: number };
  readonly workflow: { readonly base: string; readonly maxlen: number };
  /** Pause after which rows are looked for without a nudge (ms). */
  readonly pollMs: number;
  /** How long Redis may keep this relay, and with it all others, waiting (ms). @default 10_000 */
  readonly answerMs?: number;
  readonly metrics?: RelayMetrics;
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
    await this.#inTime(this.#redis.ping()); // nothing large is left waiting for a Redis that is away
    const published = await inTransaction(this.#sql, "publish the outbox", async (tx) => {
      return await lockRelay(tx) ? await this.#publish(tx) : null;
    });
    if (published !== 0) return published;
    // Outside a transaction, which would stay open as long as Redis is away.
    const last = await withOutage("read the relay's progress", () => lastPublication(this.#sql));
    if (!isLoss(await this.#send([], { expected: last, next: last }))) return 0;
    const restarted = await inTransaction(this.#sql, "publish the outbox again", async (tx) => {
      return await lockRelay(tx) ? await this.#restart(tx) : null;
    });
    return restarted === null ? null : await this.runOnce();
  }

  /** Publishes a batch, unless Redis lost earlier ones: then these become part of it. */
  async #publish(tx: Sql): Promise<number> {
    for (;;) {
      const rows = await listUnpublished(tx, BATCH);
      if (rows.length === 0) return 0;
      const mark = { expected: await lastPublication(tx), next: await nextPublication(tx) };
      const sent = await this.#send(rows, mark);
      if (isLoss(sent)) {
        await this.#takeBack(tx, sent.lostAfter);
        continue;
      }
      await markPublished(tx, rows, { entryIds: sent.entryIds, publication: mark.next });
      this.#options.metrics?.published(rows);
      return rows.length;
    }
  }

  /** Looks once more, as the only relay at work, whether Redis lost publications. */
  async #restart(tx: Sql): Promise<void> {
    const last = await lastPublication(tx);
    const held = await this.#send([], { expected: last, next: last });
    if (isLoss(held)) await this.#takeBack(tx, held.lostAfter);
  }

  async #takeBack(tx: Sql, lostAfter: string): Promise<void> {
    const events = await unpublishAfter(tx, lostAfter, REPUBLISHED_MS);
    this.#options.log.warn(
      { events, last_kept: lostAfter },
      "redis lost events that had gone out, sending again",
    );
  }

  async #send(rows: readonly OutboxRow[], mark: { expected: string; next: string }): Promise<Published> {
    const spans = TRACING ? rows.map(spanOf) : [];
    const publications = rows.map((row, index) => this.#publication(row, spans[index]?.traceparent));
    const sent = await this.#inTime(
      publishOnce(this.#redis, publications, { key: PUBLICATION_MARK_KEY, ...mark }),
    );
    if (!isLoss(sent)) { for (const span of spans) span?.end(); }
    return sent;
  }

  /**
   * While one relay is at work all others wait, so one that is cut off from Redis must not be at it for long. What it
   * has asked for may still come true later, and changes nothing then.
   */
  async #inTime<T>(asking: Promise<T>): Promise<T> {
    const late = AbortSignal.timeout(this.#options.answerMs ?? ANSWER_MS);
    const answer = await unlessAborted(asking, late);
    if (answer === null) throw new OutageError("redis", "publish the outbox", { cause: "no answer" });
    return answer;
  }

  #publication(row: OutboxRow, traceparent: string | undefined): Publication {
    const target = this.#options[row.stream];
    return {
      stream: shardKey(target.base, shardOf(row.jobId, this.#options.numShards)),
      maxlen: target.maxlen,
      memo: publishedMemoKey(row.jobId),
      key: publishedMemoField(row),
      data: row.stream === "status"
        ? encodeStatusEvent(row.event as StatusEvent)
        : encodeWorkflowEvent(row.event as WorkflowEvent),
      traceparent,
    };
  }
}

/** Part of the trace that led to the event; null if none did. */
function spanOf({ jobId, stream, traceparent }: OutboxRow): OpenSpan | null {
  return traceparent === null
    ? null
    : openSpan("publish event", { parent: traceparent, attributes: { job_id: jobId, stream } });
}

function isLoss(sent: Published): sent is Extract<Published, { lostAfter: string }> {
  return "lostAfter" in sent;
}
