import type { LetterFilter } from "./letter_filter.ts";
import type { DeadLetters } from "./dead_letters.ts";
import type { FoundLetter } from "./found_letter.ts";

/** Which letters are to be thrown away. */
export interface DiscardOptions {
  readonly filter: LetterFilter;
  /** Only the first so many that `filter` means. */
  readonly limit?: number;
  /** Tell what would happen, and change nothing. @default false */
  readonly dryRun?: boolean;
}

/** What became of a letter, or would in a dry run. */
export interface Discarded {
  /** With its bytes, which are nowhere else from now on. */
  readonly letter: FoundLetter;
  /** `gone`: somebody else has put it back or thrown it away meanwhile. */
  readonly outcome: "discarded" | "gone";
}

/**
 * Throws letters away for good, page by page; yields each page once it is done. Without `upTo` in the filter,
 * letters that are dead-lettered meanwhile may be among them.
 *
 * @throws {OutageError} when Redis refuses; what was yielded before is done.
 */
export async function* discard(letters: DeadLetters, options: DiscardOptions): AsyncGenerator<Discarded[]> {
  const { filter, limit = Infinity, dryRun = false } = options;
  for await (const page of letters.pages(filter, { limit })) {
    const removed = dryRun ? page.map(() => true) : await letters.throwAway(page.map(({ id }) => id));
    yield page.map((letter, at) => ({ letter, outcome: removed[at] ? "discarded" : "gone" }));
  }
}
