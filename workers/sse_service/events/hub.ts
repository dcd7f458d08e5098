/**
 * One reader for all streams, however many clients: each new entry goes to the feed of its job. A watch beside it
 * notices when Redis may have lost something (`generation.ts`) and sends every client back to history.
 *
 * @module
 */
import type { Redis } from "ioredis";
import { backoffMs } from "lib/run/backoff.ts";
import type { Logger } from "lib/run/log.ts";
import { sleep } from "lib/run/sleep.ts";
import { unlessAborted } from "lib/run/unless_aborted.ts";
import type { Worker } from "lib/run/worker.ts";
import { compareEntryIds, FIRST_ENTRY_ID } from "lib/stream/entry_id.ts";
import { shardKey, shardKeys, shardOf } from "lib/stream/keys.ts";
import { redisCall } from "lib/stream/redis_script.ts";
import { lastEntryId, tail, type TailBatch } from "lib/stream/tail.ts";
import type { SseMetrics } from "../operations/sse_metrics.ts";
import { decodeEntry, jobIdOf } from "./entry.ts";
import { readGeneration } from "./generation.ts";
import { JobFeed } from "./job_feed.ts";
import { type Kind, KINDS } from "./position.ts";

/** What the hub reads. */
export interface HubOptions {
  /** Stream base of each kind. */
  readonly bases: Readonly<Record<Kind, string>>;
  readonly numShards: number;
  /** Most that is kept of live entries for one client that still reads history (characters). @default MAILBOX_CAPACITY */
  readonly mailboxCapacity?: number;
  readonly log: Logger;
}

/** Pause between two looks at the generation of the streams (ms). */
const WATCH_MS = 1_000;
/** Sending that takes less than this (ms) is done at once. */
const CHEAP_MS = 1;
/** What costs more waits so long (ms) for what comes right behind it, as the lines of one moment do. */
const GATHER_MS = 2;
/** Longest pause between two rounds of sending (ms). */
const LONGEST_PAUSE_MS = 20;

/** See the module's description. */
export class Hub implements Worker {
  readonly name = "hub";
  readonly #redis: Redis;
  /** Blocks while it reads, so it is the hub's own. */
  readonly #reader: Redis;
  readonly #options: HubOptions;
  readonly #kinds = new Map<string, Kind>();
  /** By stream, the newest entry handed out. */
  readonly #positions = new Map<string, string>();
  readonly #feeds = new Map<string, JobFeed>();
  readonly #unsent = new Set<JobFeed>();
  readonly #started = Promise.withResolvers<void>();
  #generation = "0";
  #clients = 0;
  #advanced = Promise.withResolvers<void>();
  #sending: ReturnType<typeof setTimeout> | undefined;
  /** How long the last round of sending took (ms), and when it was over. */
  #costMs = 0;
  #sentAt = 0;

  constructor(redis: Redis, reader: Redis, options: HubOptions) {
    this.#redis = redis;
    this.#reader = reader;
    this.#options = options;
    for (const kind of KINDS) {
      for (const stream of shardKeys(options.bases[kind], options.numShards)) this.#kinds.set(stream, kind);
    }
  }

  /** Clients connected now. */
  get clients(): number {
    return this.#clients;
  }

  /** The present life of the streams. */
  get generation(): string {
    return this.#generation;
  }

  /** Resolves when the hub knows where the streams end. */
  get started(): Promise<void> {
    return this.#started.promise;
  }

  /** The stream that holds a job's entries of one kind. */
  streamOf(kind: Kind, jobId: string): string {
    return shardKey(this.#options.bases[kind], shardOf(jobId, this.#options.numShards));
  }

  /** Of each stream of a job, the newest entry handed out: later ones come through the feed. */
  tips(jobId: string): Record<Kind, string> {
    const tip = (kind: Kind) => this.#positions.get(this.streamOf(kind, jobId)) ?? FIRST_ENTRY_ID;
    return { status: tip("status"), logs: tip("logs"), workflow: tip("workflow") };
  }

  /** The feed of a job, held by one client more until it calls `leave`. */
  enter(jobId: string, metrics?: SseMetrics): JobFeed {
    const feed = this.#feeds.get(jobId) ?? this.#begin(jobId, metrics);
    feed.clients++;
    this.#clients++;
    return feed;
  }

  /** Lets go of a feed. */
  leave(feed: JobFeed): void {
    this.#clients--;
    if (--feed.clients === 0) this.#feeds.delete(feed.jobId);
  }

  /** Hands out new entries until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const watching = this.#watch(signal);
    await unlessAborted(this.#started.promise, signal);
    for await (const batches of tail(this.#reader, this.#positions, { signal, log: this.#options.log })) {
      for (const batch of batches) this.#handOut(batch);
      this.#sendSoon();
      this.#advanced.resolve();
      this.#advanced = Promise.withResolvers();
    }
    clearTimeout(this.#sending);
    await watching;
  }

  /** Notices what Redis lost up to now. @throws {OutageError} */
  async look(): Promise<void> {
    await redisCall("look at the streams", () => this.#followGeneration());
  }

  /** Resolves when everything up to `entryId` of the job's stream was handed out, or is lost, or `signal` aborts. */
  async passed(
    kind: Kind,
    jobId: string,
    { entryId, signal }: { entryId: string; signal: AbortSignal },
  ): Promise<void> {
    const generation = this.#generation;
    while (generation === this.#generation && compareEntryIds(this.tips(jobId)[kind], entryId) < 0) {
      await unlessAborted(this.#advanced.promise, signal);
      if (signal.aborted) return;
    }
  }

  #begin(jobId: string, metrics: SseMetrics | undefined): JobFeed {
    const { mailboxCapacity } = this.#options;
    const feed = new JobFeed(jobId, { mailboxCapacity, metrics });
    Object.assign(feed.newest, this.tips(jobId));
    this.#feeds.set(jobId, feed);
    return feed;
  }

  #handOut({ stream, entries }: TailBatch): void {
    const kind = this.#kinds.get(stream);
    if (!kind || this.#feeds.size === 0) return;
    // An entry put back from the dead letters tells of an old fact: under its old position those who have seen it, or
    // what came after it, pass it over; to others it is news.
    for (const streamEntry of entries) {
      const jobId = jobIdOf(streamEntry.data);
      const feed = jobId === null ? undefined : this.#feeds.get(jobId);
      if (!feed) continue;
      feed.newest[kind] = streamEntry.id;
      if (feed.idle) continue;
      const entry = decodeEntry(kind, streamEntry, feed.jobId);
      if (!entry) continue;
      feed.push(entry);
      this.#unsent.add(feed);
    }
  }

  /**
   * Sends what came: at once where that costs next to nothing. To many clients, it rests as long as it worked: what
   * comes meanwhile goes out in the same chunks, so the busier it is, the less each event costs.
   */
  #sendSoon(): void {
    if (this.#unsent.size === 0 || this.#sending !== undefined) return;
    const pause = Math.min(this.#costMs, LONGEST_PAUSE_MS) - (performance.now() - this.#sentAt);
    const wait = this.#costMs < CHEAP_MS ? 0 : Math.max(GATHER_MS, pause);
    if (wait === 0) return this.#send();
    this.#sending = setTimeout(() => this.#send(), wait);
  }

  #send(): void {
    this.#sending = undefined;
    const begun = performance.now();
    for (const feed of this.#unsent) feed.flush();
    this.#unsent.clear();
    this.#sentAt = performance.now();
    this.#costMs = this.#sentAt - begun;
  }

  /** Looks again and again, and whenever the reader is connected anew, whether the streams are still the same. */
  async #watch(signal: AbortSignal): Promise<void> {
    let look = Promise.withResolvers<void>();
    const lookNow = () => look.resolve();
    this.#reader.on("ready", lookNow);
    for (let faults = 0; !signal.aborted;) {
      try {
        look = Promise.withResolvers();
        await unlessAborted(this.#followGeneration(), signal);
        faults = 0;
        const pause = new AbortController();
        await Promise.race([sleep(WATCH_MS, AbortSignal.any([signal, pause.signal])), look.promise]);
        pause.abort();
      } catch (error) {
        if (faults++ === 0) {
          this.#options.log.warn({ error: String(error) }, "cannot look at the streams, trying again");
        }
        await sleep(backoffMs(faults), signal);
      }
    }
    this.#reader.off("ready", lookNow);
  }

  async #followGeneration(): Promise<void> {
    const generation = await readGeneration(this.#redis);
    if (generation === this.#generation) return;
    for (const stream of this.#kinds.keys()) {
      const last = await lastEntryId(this.#redis, stream);
      const known = this.#positions.get(stream);
      // What lies between the two is new, or what lies behind is gone.
      if (known === undefined || compareEntryIds(last, known) < 0) this.#positions.set(stream, last);
    }
    const known = this.#generation;
    if (generation === known) return; // somebody else has looked meanwhile
    for (const feed of this.#feeds.values()) Object.assign(feed.newest, this.tips(feed.jobId));
    this.#generation = generation;
    this.#started.resolve();
    if (known === "0") return;
    const details = { from: known, to: generation, clients: this.clients };
    this.#options.log.warn(details, "redis may have lost entries, sending all clients to history");
    for (const feed of this.#feeds.values()) feed.scatter();
  }
}
