// @ts-check
/**
 * Links to a line of a job's log: `#plugin-42` is line 42 of the plugin step, `#plugin-42.2` that of its second
 * container. Pure.
 *
 * @module
 */

/** @typedef {{ step: string, seq: number, run: number }} LineLink `run`: which container of the step, from 1 */

/**
 * @param {string} hash as in an address, with its `#`
 * @returns {LineLink | null} null if it names no line
 */
export function readLineLink(hash) {
  const [, step, seq, run = "1"] =
    /^#(copy|plugin|upload|delete)-([1-9]\d{0,14})(?:\.([1-9]\d{0,5}))?$/.exec(hash) ?? [];
  return step && seq ? { step, seq: Number(seq), run: Number(run) } : null;
}

/** @param {LineLink} link */
export function lineLink({ step, seq, run }) {
  return `#${step}-${seq}${run > 1 ? `.${run}` : ""}`;
}
