import type { z } from "@hono/zod-openapi";
import { letterHeadJson } from "lib/stream/dead_letters/letter_json.ts";
import type { LetterKind } from "lib/stream/dead_letters/letter_sources.ts";
import type { Requeued } from "lib/stream/dead_letters/requeue.ts";
import type { RequeueResult } from "./schemas.ts";

/** Outcomes that an answer tells one by one. */
const TOLD = 1_000;

/** Counts what became of letters, and keeps the first for the answer. */
export class RequeueTally {
  readonly #outcomes: Requeued[] = [];
  readonly #counts = { requeued: 0, gone: 0, refused: 0 };
  /** What became of the last letter; null if there was none. */
  last: Requeued | null = null;

  constructor(readonly stream: LetterKind, readonly dryRun: boolean) {}

  /** Adds what became of some. */
  add(outcomes: readonly Requeued[]): void {
    for (const done of outcomes) this.#counts[done.outcome]++;
    this.#outcomes.push(...outcomes.slice(0, TOLD - this.#outcomes.length));
    this.last = outcomes.at(-1) ?? this.last;
  }

  /** All of it. */
  result(): z.infer<typeof RequeueResult> {
    const { requeued, gone, refused } = this.#counts;
    return {
      dry_run: this.dryRun,
      counts: { ...this.#counts },
      outcomes: this.#outcomes.map(({ letter, outcome, entryId, why }) => ({
        outcome,
        ...letterHeadJson(this.stream, letter),
        entry_id: entryId,
        why,
      })),
      outcomes_left_out: requeued + gone + refused - this.#outcomes.length,
    };
  }
}
