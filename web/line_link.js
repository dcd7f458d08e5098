// @ts-check
/**
 * Links to a line of a job's log: `#plugin-42` is line 42 of the plugin step. Pure.
 *
 * @module
 */

/** @typedef {{ step: string, seq: number }} LineLink */

/**
 * @param {string} hash as in an address, with its `#`
 * @returns {LineLink | null} null if it names no line
 */
export function readLineLink(hash) {
  const [, step, seq] = /^#(copy|plugin|upload|delete)-([1-9]\d{0,14})$/.exec(hash) ?? [];
  return step && seq ? { step, seq: Number(seq) } : null;
}

/** @param {LineLink} link */
export function lineLink({ step, seq }) {
  return `#${step}-${seq}`;
}
