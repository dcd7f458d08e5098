import type { Discarded } from "lib/stream/dead_letters/discard.ts";
import type { LetterKind } from "lib/stream/dead_letters/letter_sources.ts";
import type { Requeued } from "lib/stream/dead_letters/requeue.ts";
import type { CommandContext } from "./commands.ts";
import { outcomeJson, outcomeLine } from "./show_letter.ts";

/** What a tally writes to. */
export type TallyContext = Pick<CommandContext, "options" | "out" | "paint" | "note" | "audit">;

/** Tells and counts what became of letters. */
export class Tally {
  readonly #context: TallyContext;
  readonly #counts = new Map<string, number>();

  constructor(context: TallyContext) {
    this.#context = context;
  }

  /** Adds letters of one kind. The record comes first: it must not depend on somebody reading the results. */
  add(kind: LetterKind, outcomes: readonly (Requeued | Discarded)[]): void {
    const { options: { json, dryRun }, out, paint, audit } = this.#context;
    const changed = outcomes.filter(({ outcome }) => outcome === "requeued" || outcome === "discarded");
    if (!dryRun && changed.length > 0) audit(auditFields(kind, changed));
    for (const done of outcomes) {
      this.#counts.set(done.outcome, (this.#counts.get(done.outcome) ?? 0) + 1);
      if (json) out.json(outcomeJson(kind, done, dryRun));
      else out.line(outcomeLine(kind, done, { paint, dryRun }));
    }
  }

  /** Tells the counts; the exit code. */
  conclude(): number {
    const { options: { dryRun }, note } = this.#context;
    const parts = [...this.#counts].map(([outcome, count]) => `${count} ${outcome}`);
    note(`${dryRun ? "dry run: " : ""}${parts.join(", ") || "no letters are meant"}`);
    return this.#counts.has("refused") ? 1 : 0;
  }
}

function auditFields(kind: LetterKind, changed: readonly (Requeued | Discarded)[]): Record<string, unknown> {
  return {
    action: changed[0]?.outcome,
    stream: kind,
    letters: changed.map((done) => ({
      id: done.letter.id,
      job_id: done.letter.jobId,
      origin_stream: done.letter.originStream,
      origin_id: done.letter.originId,
      ...("why" in done ? { entry_id: done.entryId } : {}),
    })),
  };
}
