import type { Redis } from "ioredis";
import type { Logger } from "lib/run/log.ts";
import { DeadLetters } from "lib/stream/dead_letters/dead_letters.ts";
import { discard, type Discarded } from "lib/stream/dead_letters/discard.ts";
import type { LetterHead } from "lib/stream/dead_letters/found_letter.ts";
import {
  type LetterKind,
  type LetterSettings,
  letterSources,
} from "lib/stream/dead_letters/letter_sources.ts";
import { requeue, type RequeueOptions } from "lib/stream/dead_letters/requeue.ts";
import { RequeueTally } from "./requeue_tally.ts";

/** What dead letters are looked after with. */
export interface LetterDeskOptions {
  readonly redis: Redis;
  readonly settings: LetterSettings;
  /** Keeps a record of what was changed, and by whom. */
  readonly log: Logger;
}

/** Looks after dead letters for people who ask over HTTP. All methods throw an `OutageError` when Redis refuses. */
export class LetterDesk {
  readonly #options: LetterDeskOptions;
  readonly #letters: Record<LetterKind, DeadLetters>;

  constructor(options: LetterDeskOptions) {
    const { status, logs } = letterSources(options.settings);
    this.#options = options;
    this.#letters = {
      status: new DeadLetters(options.redis, status),
      logs: new DeadLetters(options.redis, logs),
    };
  }

  /** The dead letters of a stream, to look at. */
  letters(stream: LetterKind): DeadLetters {
    return this.#letters[stream];
  }

  /** Puts letters back for `who`. */
  async putBack(stream: LetterKind, who: string | null, options: RequeueOptions): Promise<RequeueTally> {
    const tally = new RequeueTally(stream, options.dryRun ?? false);
    for await (const done of requeue(this.#letters[stream], options)) {
      const changed = tally.dryRun ? [] : done.filter(({ outcome }) => outcome === "requeued");
      const letters = changed.map(({ letter, entryId }) => ({ ...recorded(letter), entry_id: entryId }));
      if (letters.length > 0) this.#record({ action: "requeued", stream, who, letters });
      tally.add(done);
    }
    return tally;
  }

  /** Throws a letter away for `who`; null if there is none. */
  async throwAway(
    stream: LetterKind,
    who: string | null,
    { id, dryRun }: { id: string; dryRun: boolean },
  ): Promise<Discarded | null> {
    for await (const [done] of discard(this.#letters[stream], { filter: { ids: [id] }, dryRun })) {
      if (done?.outcome !== "discarded") return null;
      if (!dryRun) this.#record({ action: "discarded", stream, who, letters: [recorded(done.letter)] });
      return done;
    }
    return null;
  }

  #record(fields: { action: string; stream: LetterKind; who: string | null; letters: unknown[] }): void {
    this.#options.log.info(fields, "dead letters changed");
  }
}

function recorded({ id, jobId, originStream, originId }: LetterHead) {
  return { id, job_id: jobId, origin_stream: originStream, origin_id: originId };
}
