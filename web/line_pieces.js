// @ts-check
/**
 * Cuts a line into runs of one look (style, search hit), no longer than can be shown at once. Pure.
 *
 * @module
 */
/** @import { Span } from "./ansi.js" */
/** @import { Style } from "./sgr.js" */

/** Characters of a line that are shown in the list; the rest is had by opening the line. */
export const SHOWN_CHARACTERS = 4000;

/** @typedef {{ text: string, style: Style | null, hit: boolean }} Run */

/**
 * @param {{ text: string, spans: readonly Span[] }} line
 * @param {readonly { from: number, to: number }[]} hits
 * @param {number} [limit]
 * @returns {Run[]}
 */
export function runsOf({ text, spans }, hits, limit = SHOWN_CHARACTERS) {
  const end = shownLength(text, limit);
  if (spans.length === 0 && hits.length === 0) {
    return end === 0 ? [] : [{ text: text.slice(0, end), style: null, hit: false }];
  }
  const cuts = new Set([0, end]);
  for (const { from, to } of [...spans, ...hits]) {
    if (from < end) cuts.add(from).add(Math.min(to, end));
  }
  const places = [...cuts].sort((a, b) => a - b);
  /** @type {Run[]} */
  const runs = [];
  let span = 0;
  let hit = 0;
  for (let i = 0; i + 1 < places.length; i++) {
    const from = places[i] ?? 0;
    const to = places[i + 1] ?? 0;
    while ((spans[span]?.to ?? Infinity) <= from) span += 1;
    while ((hits[hit]?.to ?? Infinity) <= from) hit += 1;
    runs.push({
      text: text.slice(from, to),
      style: (spans[span]?.from ?? Infinity) <= from ? spans[span]?.style ?? null : null,
      hit: (hits[hit]?.from ?? Infinity) <= from,
    });
  }
  return runs;
}

/**
 * How many characters of the text are shown; a surrogate pair is never cut.
 *
 * @param {string} text
 * @param {number} limit
 */
function shownLength(text, limit) {
  if (text.length <= limit) return text.length;
  return /[\ud800-\udbff]/.test(text[limit - 1] ?? "") ? limit - 1 : limit;
}
