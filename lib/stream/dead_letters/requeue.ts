/**
 * Puts dead letters back into the streams they came from, each once, those of a job in order.
 *
 * A letter that goes back becomes a new entry of its shard, as Redis adds at the end only. It tells of an old fact,
 * though: its field `requeued_from` has the id that the entry had at first, which consumers and readers take for its
 * place in the job's history.
 *
 * @module
 */
import { type LetterFilter, matches } from "./letter_filter.ts";
import type { DeadLetters } from "./dead_letters.ts";
import { FIRST_ENTRY_ID } from "../entry_id.ts";
import { type FoundLetter, headOf, type LetterHead } from "./found_letter.ts";
import { type Candidate, groupOf, type GroupPlan, planGroup, type RequeueRules } from "./requeue_plan.ts";

/** What putting back asks of the dead letters. */
export type Requeuable = Pick<DeadLetters, "source" | "pages" | "putBack">;

/** Which letters are to go back, and how. */
export interface RequeueOptions {
  readonly filter: LetterFilter;
  /** Only the first so many that `filter` means. */
  readonly limit?: number;
  /** Take along earlier letters of the same jobs; else letters that would overtake others are refused. @default false */
  readonly withEarlier?: boolean;
  /** Put back also what consumers would not understand. @default false */
  readonly force?: boolean;
  /** Tell what would happen, and change nothing. @default false */
  readonly dryRun?: boolean;
}

/** What became of a letter, or would in a dry run. */
export interface Requeued {
  readonly letter: LetterHead;
  /** `gone`: somebody else has put it back or thrown it away meanwhile. */
  readonly outcome: "requeued" | "gone" | "refused";
  /** Id of its new entry; null if there is none. */
  readonly entryId: string | null;
  /** Why it was refused; null if it was not. */
  readonly why: string | null;
}

/** Most letters, and about the most bytes, moved in one step of Redis. */
const STEP_LETTERS = 500;
const STEP_BYTES = 4 * 1024 * 1024;

/**
 * Puts letters back, job by job; yields what became of them, step by step. Letters dead-lettered after this began are not
 * put back (unless taken along), but not overtaken either.
 *
 * @throws {OutageError} when Redis refuses; what was yielded before is done.
 */
export async function* requeue(letters: Requeuable, options: RequeueOptions): AsyncGenerator<Requeued[]> {
  const { filter, limit = Infinity, withEarlier = false, force = false, dryRun = false } = options;
  const { base, numShards } = letters.source;
  const rules: RequeueRules = { base, numShards, withEarlier, force };
  const index = new LetterIndex(letters);
  let selected = 0;
  await index.readOn((letter) => matches(filter, letter) && selected++ < limit);
  for (const [key, group] of index.groups) {
    if (!group.some((letter) => letter.selected)) continue;
    const plan = planGroup(group, rules);
    if (dryRun && plan.requeue.length > 0) yield plan.requeue.map((letter) => result(letter, "requeued"));
    const refused = dryRun ? plan.refused : yield* putBackGroup(index, key, plan, rules);
    if (refused.length > 0) yield refused.map(({ letter, why }) => ({ ...result(letter, "refused"), why }));
  }
}

/** Carries a plan out, and makes it anew whenever letters were dead-lettered since. Returns what it refuses. */
async function* putBackGroup(
  index: LetterIndex,
  key: string,
  plan: GroupPlan,
  rules: RequeueRules,
): AsyncGenerator<Requeued[], GroupPlan["refused"]> {
  let { requeue: rest, refused } = plan;
  while (rest.length > 0) {
    const step = oneStep(rest);
    const entries = await index.letters.putBack(step[0]?.originStream ?? "", idsOf(step), index.newest);
    if (entries === "changed") {
      await index.readOn(() => false);
      ({ requeue: rest, refused } = planGroup(index.groups.get(key) ?? [], rules));
      continue;
    }
    rest = rest.slice(step.length);
    index.forget(key, step);
    yield step.map((letter, at) => result(letter, entries[at] ? "requeued" : "gone", entries[at]));
  }
  return refused;
}

/** All letters there are, without their bytes, so that none is overtaken unseen. */
class LetterIndex {
  readonly groups = new Map<string, Candidate[]>();
  /** Id of the newest letter read. */
  newest = FIRST_ENTRY_ID;

  constructor(readonly letters: Requeuable) {}

  /** Reads the letters that were dead-lettered since. */
  async readOn(isSelected: (letter: FoundLetter) => boolean): Promise<void> {
    for await (const page of this.letters.pages({}, { after: this.newest })) {
      for (const letter of page) {
        const key = groupOf(letter);
        const group = this.groups.get(key) ?? [];
        this.groups.set(key, group);
        group.push({ ...headOf(letter), selected: isSelected(letter) });
      }
      this.newest = page.at(-1)?.id ?? this.newest;
    }
  }

  /** Letters that have gone back stand in nobody's way. */
  forget(key: string, step: readonly LetterHead[]): void {
    const ids = new Set(idsOf(step));
    this.groups.set(key, (this.groups.get(key) ?? []).filter(({ id }) => !ids.has(id)));
  }
}

function oneStep(letters: readonly LetterHead[]): readonly LetterHead[] {
  let bytes = 0;
  const end = letters.findIndex(({ size }, at) =>
    at >= STEP_LETTERS || (bytes += size) > STEP_BYTES && at > 0
  );
  return end < 0 ? letters : letters.slice(0, end);
}

function idsOf(letters: readonly LetterHead[]): string[] {
  return letters.map(({ id }) => id);
}

function result(letter: LetterHead, outcome: Requeued["outcome"], entryId: string | null = null): Requeued {
  return { letter: headOf(letter), outcome, entryId, why: null };
}
