/**
 * Which dead letters are meant. Pure.
 *
 * @module
 */
import { compareEntryIds, FIRST_ENTRY_ID } from "../entry_id.ts";
import type { FoundLetter } from "./found_letter.ts";

/** All that is given must hold; nothing given means every letter. */
export interface LetterFilter {
  /** Ids of the letters themselves. */
  readonly ids?: readonly string[];
  readonly jobId?: string;
  /** Text within the reason or the error, in any case. */
  readonly reason?: string;
  /** Key of the stream that the entry was in. */
  readonly origin?: string;
  /** Dead-lettered at this time or later (ms since 1970). */
  readonly since?: number;
  /** Dead-lettered before this time (ms since 1970). */
  readonly until?: number;
  /** Letters up to the one of this id. */
  readonly upTo?: string;
}

/** Part of a stream of dead letters as `XRANGE` takes it: `from` to `to`, each exclusive where it begins with `(`. */
export interface LetterRange {
  readonly from: string;
  readonly to: string;
}

/** Whether a letter is meant. */
export function matches(filter: LetterFilter, letter: FoundLetter): boolean {
  const { ids, jobId, reason, origin, since, until, upTo } = filter;
  if (ids && !ids.includes(letter.id)) return false;
  if (jobId !== undefined && letter.jobId !== jobId) return false;
  if (origin !== undefined && letter.originStream !== origin) return false;
  if (reason !== undefined && !holds(letter.reason, reason) && !holds(letter.error ?? "", reason)) {
    return false;
  }
  if (since !== undefined && compareEntryIds(letter.id, `${since}-0`) < 0) return false;
  if (upTo !== undefined && compareEntryIds(letter.id, upTo) > 0) return false;
  return until === undefined || compareEntryIds(letter.id, `${until}-0`) < 0;
}

/** Where letters that are meant can be; only those after `after`, if that is given. */
export function letterRange({ ids, since, until, upTo }: LetterFilter, after?: string): LetterRange {
  const sorted = [...ids ?? []].sort(compareEntryIds);
  const begin = latest(sorted[0] ?? FIRST_ENTRY_ID, since === undefined ? FIRST_ENTRY_ID : `${since}-0`);
  const from = after !== undefined && compareEntryIds(after, begin) >= 0 ? `(${after}` : begin;
  const to = sorted.at(-1) ?? upTo ?? (until === undefined ? "+" : `(${until}-0`);
  return { from, to };
}

function holds(text: string, part: string): boolean {
  return text.toLowerCase().includes(part.toLowerCase());
}

function latest(a: string, b: string): string {
  return compareEntryIds(a, b) >= 0 ? a : b;
}
