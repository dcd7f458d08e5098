/**
 * Notices a Redis that may have lost something: emptied, restarted, or replaced by another one.
 *
 * @module
 */
import type { Redis } from "ioredis";
import { redisCall } from "./redis_script.ts";

/** Compares the Redis behind a connection with what it was before. */
export class LossWatch {
  readonly #redis: Redis;
  readonly #markKey: string;
  /** What was left there last, as far as Redis acknowledged it; null before the first call. */
  #mark: string | null = null;
  /** The run of the server that answered last; null before the first answer, and where it refuses to tell. */
  #run: string | null = null;

  /** `markKey`: a key of our own, which whoever else writes to makes us cautious. */
  constructor(redis: Redis, markKey: string) {
    this.#redis = redis;
    this.#markKey = markKey;
  }

  /**
   * Whether Redis may have lost something since the last call: the mark left then is not there, or another server
   * process answers, which may have begun without what was written last. The first call has nothing to compare
   * with and says no. When in doubt (the answer to the last call was lost) it says yes.
   *
   * @throws {OutageError}
   */
  async hasLost(): Promise<boolean> {
    const next = crypto.randomUUID();
    const found = await redisCall("see whether anything was lost", async () => {
      const both = [["info", "server"], ["getset", this.#markKey, next]];
      const [info, mark] = await this.#redis.pipeline(both).exec() ?? [];
      if (!mark || mark[0]) throw mark?.[0] ?? new Error("no answer");
      return { run: runOf(info?.[1]), mark: mark[1] };
    });
    const [mark, run] = [this.#mark, this.#run];
    this.#mark = next;
    this.#run = found.run ?? run;
    return (mark !== null && found.mark !== mark) || (run !== null && this.#run !== run);
  }
}

/** The server's run id in its answer to `INFO`; null if it refuses to tell. */
function runOf(info: unknown): string | null {
  return /^run_id:(\S+)/m.exec(typeof info === "string" ? info : "")?.[1] ?? null;
}
