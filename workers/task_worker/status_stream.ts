/**
 * The status streams, read beside the queue. A task only says that there is something to record; what is to be
 * recorded stands in the stream, and how far that is done in Postgres (`status_progress`). So a queue that loses
 * tasks, with its Redis or in a failover, loses no status (G14).
 *
 * @module
 */
import type { Redis } from "ioredis";
import { decodeStatusEvent, UndecodableEntryError } from "lib/event/codec.ts";
import { isConfirmation } from "lib/event/status.ts";
import type { StoredStatus } from "lib/store/status_history.ts";
import { compareEntryIds, isEntryId } from "lib/stream/entry_id.ts";
import { shardKey, shardOf } from "lib/stream/keys.ts";
import { PageSize } from "lib/stream/page_size.ts";
import { redisCall } from "lib/stream/redis_script.ts";

/** Entries read at once, at most: a job's command may be long. */
const PAGE = 200;

/** An entry as Redis gives it: its id, and its fields and values by turns. */
type RawEntry = [id: string, fields: string[]];

/** States of a shard between two entries, as they were read at once. */
interface Page {
  readonly after: string;
  /** The last entry read. */
  readonly until: string;
  /** Whether the stream ended there then. */
  readonly isLast: boolean;
  readonly reports: readonly StoredStatus[];
}

/** See the module's description. Whatever Redis refuses is an `OutageError`. */
export class StatusStream {
  readonly #redis: Pick<Redis, "xrange" | "xrevrange" | "time">;
  readonly #options: { readonly base: string; readonly numShards: number };
  readonly #read = new Map<number, Page>();
  readonly #size = new PageSize(PAGE);

  constructor(
    redis: Pick<Redis, "xrange" | "xrevrange" | "time">,
    options: { readonly base: string; readonly numShards: number },
  ) {
    this.#redis = redis;
    this.#options = options;
  }

  /** Number of shards. */
  get numShards(): number {
    return this.#options.numShards;
  }

  /** Key of the shard's stream. */
  key(shard: number): string {
    return shardKey(this.#options.base, shard);
  }

  /** Shard that a job's states are on. */
  shardOf(jobId: string): number {
    return shardOf(jobId, this.#options.numShards);
  }

  /**
   * Up to a page of states behind entry `after` and before entry `before`, oldest first. What was read of a shard is
   * kept for the next question, as nothing is ever added between two entries: a run of tasks costs one reading.
   */
  async reports(shard: number, after: string, before?: string): Promise<StoredStatus[]> {
    for (let from = after;;) {
      const known = this.#read.get(shard);
      const covered = known && before !== undefined && isWithin(known, from, before);
      const page = covered ? known : await this.#readPage(shard, from);
      const reports = page.reports.filter(({ entryId }) => isBetween(entryId, from, before));
      if (reports.length > 0 || page.isLast || !isBetween(page.until, from, before)) return reports;
      from = page.until;
    }
  }

  async #readPage(shard: number, after: string): Promise<Page> {
    const { count } = this.#size;
    const entries = await redisCall(
      `read ${this.key(shard)}`,
      () => this.#redis.xrange(this.key(shard), `(${after}`, "+", "COUNT", count),
    );
    this.#size.saw(entries.map(([, fields]) => ({ data: fields.join() })));
    const page = {
      after,
      until: entries.at(-1)?.[0] ?? after,
      isLast: entries.length < count,
      reports: this.#reportsIn(entries, shard),
    };
    this.#read.set(shard, page);
    return page;
  }

  /** The newest state behind entry `after`, or null. */
  async newest(shard: number, after: string): Promise<StoredStatus | null> {
    for (let until = "+";;) {
      const { count } = this.#size;
      const page = await redisCall(
        `read ${this.key(shard)}`,
        () => this.#redis.xrevrange(this.key(shard), until, `(${after}`, "COUNT", count),
      );
      const [report] = this.#reportsIn(page, shard);
      const last = page.at(-1)?.[0];
      if (report || page.length < count || last === undefined) return report ?? null;
      until = `(${last}`;
    }
  }

  /** The time by which Redis makes the ids of entries (ms since 1970). */
  async now(): Promise<number> {
    const [seconds] = await redisCall("ask Redis for the time", () => this.#redis.time());
    return Number(seconds) * 1_000;
  }

  #reportsIn(page: readonly RawEntry[], shard: number): StoredStatus[] {
    return page.flatMap((entry) => {
      const report = reportIn(entry);
      return report && this.shardOf(report.event.job_id) === shard ? [report] : [];
    });
  }
}

/** Whether everything from behind `after` to before `before` is on the page. */
function isWithin(page: Page, after: string, before: string): boolean {
  return compareEntryIds(page.after, after) <= 0 && compareEntryIds(before, page.until) <= 0;
}

function isBetween(entryId: string, after: string, before?: string): boolean {
  return compareEntryIds(entryId, after) > 0 &&
    (before === undefined || compareEntryIds(entryId, before) < 0);
}

/**
 * The state that an entry tells of. Null for what is no task's affair: confirmations, which tell of what is
 * recorded already, and what nobody can read, which the status consumer has put to the dead letters.
 */
export function reportIn([entryId, fields]: RawEntry): StoredStatus | null {
  const fieldOf = (name: string) => {
    const at = fields.findIndex((field, index) => index % 2 === 0 && field === name);
    return at < 0 ? undefined : fields[at + 1];
  };
  const data = fieldOf("data");
  if (data === undefined) return null;
  const from = fieldOf("requeued_from");
  const origin = from !== undefined && isEntryId(from) ? { requeuedFrom: from } : {};
  try {
    const event = decodeStatusEvent(data);
    return isConfirmation(event.status) ? null : { entryId, ...origin, event };
  } catch (error) {
    if (error instanceof UndecodableEntryError) return null;
    throw error;
  }
}
