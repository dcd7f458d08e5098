/**
 * Ids of stream entries: `{milliseconds}-{sequence}`, ordered by both parts as numbers.
 *
 * @module
 */

/** Smaller than every id an entry can have. */
export const FIRST_ENTRY_ID = "0-0";

/** Negative if `a` comes before `b`, positive if after, 0 if equal. Both are complete ids (`ms-seq`). */
export function compareEntryIds(a: string, b: string): number {
  const [aMs, aSeq] = entryIdParts(a);
  const [bMs, bSeq] = entryIdParts(b);
  return aMs - bMs || aSeq - bSeq;
}

/** Whether a text is a complete id of a stream entry. */
export function isEntryId(text: string): boolean {
  return /^\d{1,15}-\d{1,20}$/.test(text);
}

/**
 * The two numbers of an entry id; a missing sequence counts as 0.
 *
 * @throws {RangeError} if the text is no entry id.
 */
export function entryIdParts(id: string): [ms: number, seq: number] {
  const match = /^(\d{1,15})(?:-(\d{1,20}))?$/.exec(id);
  if (!match) {
    throw new RangeError(`Cannot read "${id}" as a stream entry id: expected milliseconds-sequence`);
  }
  return [Number(match[1]), Number(match[2] ?? 0)];
}
