/**
 * The time of publishing, carried inside an event's text.
 *
 * @module
 */

const MARK = "sent=";
/** Digits of the microseconds since 1970, until the year 2286. */
const DIGITS = 16;

/** Text that tells when an event was published; `time` in ms since 1970. Pure. */
export function sentAt(time: number): string {
  return `${MARK}${String(Math.round(time * 1_000)).padStart(DIGITS, "0")}`;
}

/** The times (ms since 1970) that stand in `text`, and its end, in which another may have begun. Pure. */
export function sentTimes(text: string): { times: number[]; rest: string } {
  const times: number[] = [];
  let from = 0;
  for (let at = text.indexOf(MARK); at >= 0; at = text.indexOf(MARK, from)) {
    if (at + MARK.length + DIGITS > text.length) return { times, rest: text.slice(at) };
    from = at + MARK.length + DIGITS;
    times.push(Number(text.slice(at + MARK.length, from)) / 1_000);
  }
  return { times, rest: text.slice(Math.max(from, text.length - MARK.length + 1)) };
}
