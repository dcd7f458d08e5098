/**
 * One reader for all streams, however many clients: each new entry goes to the mailboxes of its job.
 *
 * @module
 */
import type { Redis } from "ioredis";
import type { Logger } from "lib/run/log.ts";
import type { Worker } from "lib/run/worker.ts";
import { compareEntryIds, FIRST_ENTRY_ID } from "lib/stream/entry_id.ts";
import { shardKey, shardKeys, shardOf } from "lib/stream/keys.ts";
import { lastEntryId, tail, type TailBatch } from "lib/stream/tail.ts";
import { Mailbox } from "./mailbox.ts";
import { type Kind, KINDS } from "./position.ts";

/** What the hub reads. */
export interface HubOptions {
  /** Stream base of each kind. */
  readonly bases: Readonly<Record<Kind, string>>;
  readonly numShards: number;
  /** See {@linkcode Mailbox.capacity}. @default MAILBOX_CAPACITY */
  readonly mailboxCapacity?: number;
  readonly log: Logger;
}

/** A client's hold on a job's live entries. */
export interface Subscription extends Disposable {
  readonly mailbox: Mailbox;
  /** Per kind the newest entry handed out before the subscription began: later ones come to the mailbox. */
  readonly tips: Readonly<Record<Kind, string>>;
}

/** See the module's description. */
export class Hub implements Worker {
  readonly name = "hub";
  readonly #redis: Redis;
  /** Blocks while it reads, so it is the hub's own. */
  readonly #reader: Redis;
  readonly #options: HubOptions;
  readonly #kinds = new Map<string, Kind>();
  readonly #positions = new Map<string, string>();
  readonly #mailboxes = new Map<string, Set<Mailbox>>();
  readonly #started = Promise.withResolvers<void>();
  #advanced = Promise.withResolvers<void>();

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
    let count = 0;
    for (const mailboxes of this.#mailboxes.values()) count += mailboxes.size;
    return count;
  }

  /** The stream that holds a job's entries of one kind. */
  streamOf(kind: Kind, jobId: string): string {
    return shardKey(this.#options.bases[kind], shardOf(jobId, this.#options.numShards));
  }

  /** Hands out new entries until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    for (const stream of this.#kinds.keys()) {
      this.#positions.set(stream, await lastEntryId(this.#redis, stream));
    }
    this.#started.resolve();
    for await (const batches of tail(this.#reader, this.#positions, { signal, log: this.#options.log })) {
      for (const batch of batches) this.#handOut(batch);
      this.#advanced.resolve();
      this.#advanced = Promise.withResolvers();
    }
  }

  /** Begins to collect a job's live entries. Waits until the hub knows where the streams end. */
  async subscribe(jobId: string): Promise<Subscription> {
    await this.#started.promise;
    const mailbox = new Mailbox(this.#options.mailboxCapacity);
    const mailboxes = this.#mailboxes.get(jobId) ?? new Set();
    this.#mailboxes.set(jobId, mailboxes.add(mailbox));
    return {
      mailbox,
      tips: {
        status: this.#tip("status", jobId),
        logs: this.#tip("logs", jobId),
        workflow: this.#tip("workflow", jobId),
      },
      [Symbol.dispose]: () => {
        mailboxes.delete(mailbox);
        if (mailboxes.size === 0 && this.#mailboxes.get(jobId) === mailboxes) this.#mailboxes.delete(jobId);
      },
    };
  }

  /** Resolves when everything up to `entryId` of the job's stream was handed out, or `signal` aborts. */
  async passed(
    kind: Kind,
    jobId: string,
    { entryId, signal }: { entryId: string; signal: AbortSignal },
  ): Promise<void> {
    const aborted = Promise.withResolvers<void>();
    const abort = () => aborted.resolve();
    signal.addEventListener("abort", abort, { once: true });
    while (!signal.aborted && compareEntryIds(this.#tip(kind, jobId), entryId) < 0) {
      await Promise.race([this.#advanced.promise, aborted.promise]);
    }
    signal.removeEventListener("abort", abort);
  }

  #tip(kind: Kind, jobId: string): string {
    return this.#positions.get(this.streamOf(kind, jobId)) ?? FIRST_ENTRY_ID;
  }

  #handOut({ stream, entries }: TailBatch): void {
    const kind = this.#kinds.get(stream);
    const last = entries.at(-1)?.id;
    if (!kind || !last) return;
    this.#positions.set(stream, last);
    if (this.#mailboxes.size === 0) return;
    // An entry put back from the dead letters tells of an old fact: under its old position those who have seen it, or
    // what came after it, pass it over; to others it is news.
    for (const { position, data } of entries) {
      const jobId = jobIdOf(data);
      if (jobId === null) continue;
      for (const mailbox of this.#mailboxes.get(jobId) ?? []) mailbox.offer({ kind, id: position, data });
    }
  }
}

/** The job of an event; null if the data are no event. Nothing else of the event is looked at here. */
export function jobIdOf(data: string): string | null {
  try {
    const jobId = (JSON.parse(data) as { job_id?: unknown } | null)?.job_id;
    return typeof jobId === "string" ? jobId : null;
  } catch {
    return null;
  }
}
