import type { Logger } from "../run/log.ts";
import { sleep } from "../run/sleep.ts";
import type { FencedShard } from "./fence.ts";
import { type TrimRisk, trimRisk } from "./trim_risk.ts";

/** How a stream is watched. */
export interface TrimWatchOptions {
  /** The cap at which whoever writes the stream trims it (entries). */
  readonly maxlen: number;
  readonly shard: number;
  readonly log: Logger;
  /** How often it is looked at (ms). @default 5_000 */
  readonly everyMs?: number;
}

/** What is known of a shard's trimming. */
export interface TrimState {
  /** The group that is about to lose entries, if one is. */
  readonly risk: TrimRisk | null;
  /** Entries ever lost before our group had acknowledged them. */
  readonly lost: number;
}

/**
 * Looks now and then whether a stream is about to be trimmed behind the back of a group, ours or another's, and
 * warns once each time it comes to that (wire.md §1).
 */
export class TrimWatch {
  readonly #shard: Pick<FencedShard, "backlog" | "trimmed">;
  readonly #options: TrimWatchOptions;
  #state: TrimState = { risk: null, lost: 0 };

  constructor(shard: Pick<FencedShard, "backlog" | "trimmed">, options: TrimWatchOptions) {
    this.#shard = shard;
    this.#options = options;
  }

  /** As of the last look. */
  get state(): TrimState {
    return this.#state;
  }

  /** Looks until `signal` aborts; a look that Redis refuses is left out. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.runOnce().catch(() => {});
      await sleep(this.#options.everyMs ?? 5_000, signal);
    }
  }

  /** One look. @throws {OutageError} when Redis refuses it, {GroupGoneError} */
  async runOnce(): Promise<void> {
    const { maxlen, shard, log } = this.#options;
    const [backlog, lost] = await Promise.all([this.#shard.backlog(), this.#shard.trimmed()]);
    const before = this.#state.risk;
    const risk = trimRisk(backlog, { maxlen, warned: before !== null });
    this.#state = { risk, lost };
    if (risk && !before) {
      log.warn({ shard, maxlen, ...risk }, "a group falls behind: the stream will soon be trimmed unread");
    }
    if (!risk && before) log.info({ shard, group: before.group }, "the group has caught up");
  }
}
