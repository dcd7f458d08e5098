/**
 * Reads every entry of every stream, without a group, across everything that can happen to Redis.
 *
 * @module
 */
import { Redis } from "ioredis";
import { sleep } from "lib/run/sleep.ts";
import type { RedisLoss, SeenDeadLetter, SeenEntry } from "../observations.ts";
import type { World } from "../world.ts";

/** The streams' names by default (wire.md §1). */
export const BASES = {
  status: "stream:job-status",
  logs: "stream:job-logs",
  workflow: "stream:job-workflow",
};
/** The dead letters' names by default. */
export const DEAD_LETTERS = ["stream:job-status-dlq", "stream:job-logs-dlq"] as const;

/** Pause between two looks at streams that had nothing new, and at a Redis that is away (ms). */
const IDLE_MS = 15;
const AWAY_MS = 100;
/** Entries of each stream read at once. */
const PAGE = 2_000;

type Fields = [id: Buffer, fields: Buffer[]];

/**
 * The tap. A mark of its own in Redis is looked up in one transaction with each read: when it is gone, all is gone.
 * After each lost connection it is looked whether the last entries seen are still there: when one is not, Redis came
 * back without its newest. Either begins a new generation, which is read from its beginning.
 */
export class StreamTap implements AsyncDisposable {
  readonly entries: SeenEntry[] = [];
  readonly deadLetters: SeenDeadLetter[] = [];
  readonly losses: RedisLoss[] = [];
  /** Told of each entry as it is read. */
  onEntry: (entry: SeenEntry) => void = () => {};

  readonly #redis: Redis;
  readonly #mark = `chaos:tap:${crypto.randomUUID()}`;
  readonly #streams: readonly string[];
  readonly #wasInjected: World["wasInjected"];
  #positions = new Map<string, string>();
  #reconnected = true;
  #lastReadAt = Date.now();
  #stop = new AbortController();
  readonly #running: Promise<void>;

  constructor(world: Pick<World, "redisUrl" | "shards" | "wasInjected">) {
    this.#wasInjected = (stream, id) => world.wasInjected(stream, id);
    const shards = Object.values(BASES).flatMap((base) =>
      Array.from({ length: world.shards }, (_, shard) => `${base}:${shard}`)
    );
    this.#streams = [...shards, ...DEAD_LETTERS];
    this.#redis = new Redis(world.redisUrl, {
      enableOfflineQueue: false,
      maxRetriesPerRequest: 0,
      retryStrategy: () => AWAY_MS,
      connectTimeout: 2_000,
    });
    this.#redis.on("error", () => {});
    this.#redis.on("ready", () => this.#reconnected = true);
    this.#running = this.#run();
  }

  /** How often Redis has lost something. */
  get generation(): number {
    return this.losses.length;
  }

  /** The dead letters as they are there now. */
  async deadLettersNow(): Promise<SeenDeadLetter[]> {
    const letters: SeenDeadLetter[] = [];
    for (const stream of DEAD_LETTERS) {
      for (const [id, fields] of await this.#redis.xrangeBuffer(stream, "-", "+")) {
        letters.push({ stream, id: id.toString(), generation: this.generation, fields: latin1(fields) });
      }
    }
    return letters;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    this.#redis.disconnect();
    await this.#running;
  }

  async #run(): Promise<void> {
    let marked = false;
    while (!this.#stop.signal.aborted) {
      try {
        if (!marked) {
          await this.#redis.set(this.#mark, "1");
          this.#reconnected = false;
          marked = true;
        }
        if (this.#reconnected) {
          this.#reconnected = false;
          if (!await this.#lastSeenAreThere()) this.#lost();
        }
        const news = await this.#read();
        if (news === null) {
          this.#lost();
          marked = false;
        } else if (news === 0) {
          await sleep(IDLE_MS, this.#stop.signal);
        }
      } catch {
        // A check that was cut off has not been made.
        this.#reconnected = true;
        await sleep(AWAY_MS, this.#stop.signal);
      }
    }
  }

  /** How many entries came; null if Redis has lost everything. */
  async #read(): Promise<number | null> {
    const ids = this.#streams.map((stream) => this.#positions.get(stream) ?? "0-0");
    const reply = await this.#redis.multi()
      .exists(this.#mark)
      .xreadBuffer("COUNT", PAGE, "STREAMS", ...this.#streams, ...ids)
      .exec();
    const [mark, streams] = reply ?? [];
    if (!mark || mark[0] || !streams || streams[0]) throw mark?.[0] ?? streams?.[0] ?? new Error("no reply");
    if (mark[1] === 0) return null;
    const at = this.#lastReadAt = Date.now();
    let count = 0;
    for (const [stream, entries] of (streams[1] ?? []) as [Buffer, Fields[]][]) {
      for (const entry of entries) this.#take(stream.toString(), entry, at);
      count += entries.length;
    }
    return count;
  }

  #take(stream: string, [idBytes, fields]: Fields, at: number): void {
    const id = idBytes.toString();
    const { generation } = this;
    this.#positions.set(stream, id);
    if ((DEAD_LETTERS as readonly string[]).includes(stream)) {
      this.deadLetters.push({ stream, id, generation, fields: latin1(fields) });
      return;
    }
    const place = fields.findIndex((name, index) => index % 2 === 0 && name.toString() === "data");
    const data = place < 0 ? "" : fields[place + 1]?.toString() ?? "";
    const injected = this.#wasInjected(stream, id);
    const entry: SeenEntry = { stream, id, data, generation, at, injected };
    this.entries.push(entry);
    this.onEntry(entry);
  }

  async #lastSeenAreThere(): Promise<boolean> {
    for (const [stream, id] of this.#positions) {
      if ((await this.#redis.xrange(stream, id, id)).length === 0) return false;
    }
    return true;
  }

  #lost(): void {
    this.losses.push({ after: this.#lastReadAt, noticed: Date.now() });
    this.#positions = new Map();
  }
}

function latin1(fields: readonly Buffer[]): Record<string, string> {
  const pairs = fields.flatMap((name, index) =>
    index % 2 === 0 ? [[name.toString("latin1"), fields[index + 1]?.toString("latin1") ?? ""]] : []
  );
  return Object.fromEntries(pairs);
}
