import { type LetterFilter, matches } from "lib/stream/dead_letters/letter_filter.ts";
import type { DeadLetters } from "lib/stream/dead_letters/dead_letters.ts";
import type { FoundLetter } from "lib/stream/dead_letters/found_letter.ts";

/** Most letters, and about the most bytes, that are looked at for one page. */
const LOOKED_AT = 5_000;
const LOOKED_AT_BYTES = 16 * 1024 * 1024;

/** Letters without their bytes; `next` is the id to go on behind, null at the end. */
export interface LetterPage {
  readonly letters: readonly Omit<FoundLetter, "data">[];
  readonly next: string | null;
}

/**
 * The letters that `filter` means behind the id `after`; at most `limit`, and fewer where the filter leaves out many.
 *
 * @throws {OutageError} when Redis refuses.
 */
export async function letterPage(
  letters: DeadLetters,
  filter: LetterFilter,
  { after, limit }: { after?: string | undefined; limit: number },
): Promise<LetterPage> {
  const { since, until } = filter;
  // Only what bounds the range, so that all letters looked at come by and can be counted.
  const range = { ...(since === undefined ? {} : { since }), ...(until === undefined ? {} : { until }) };
  const found: Omit<FoundLetter, "data">[] = [];
  let [lookedAt, bytes, last] = [0, 0, after ?? null];
  for await (const page of letters.pages(range, after === undefined ? {} : { after })) {
    for (const letter of page) {
      if (found.length === limit) return { letters: found, next: last };
      last = letter.id;
      lookedAt++;
      bytes += letter.size;
      if (matches(filter, letter)) found.push(withoutBytes(letter));
    }
    if (lookedAt >= LOOKED_AT || bytes >= LOOKED_AT_BYTES) return { letters: found, next: last };
  }
  return { letters: found, next: null };
}

function withoutBytes({ data: _, ...rest }: FoundLetter): Omit<FoundLetter, "data"> {
  return rest;
}
