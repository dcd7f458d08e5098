// @ts-check
/**
 * Job ids: a fresh one to propose, and what is wrong with one that somebody typed. The service has the last word.
 *
 * @module
 */

/** No vowels: what comes out can neither be hex digits only nor spell `copy`, `upload` or `delete`. */
const LETTERS = "bcdfghjkmnpqrstvwxz23456789";

/**
 * An id that is unique in practice, tells when it was made, and is fit for every runtime.
 *
 * @param {Date} now
 * @param {() => number} random from 0 to below 1
 */
export function proposeJobId(now, random) {
  const stamp = now.toISOString().replace(/\D/g, "");
  const tail = Array.from({ length: 4 }, () => LETTERS[Math.floor(random() * LETTERS.length)]).join("");
  return `job-${stamp.slice(0, 8)}-${stamp.slice(8, 14)}-${tail}`;
}

/**
 * Why `id` cannot be a job's id, in a sentence; null if it can.
 *
 * @param {string} id
 * @returns {string | null}
 */
export function jobIdFault(id) {
  if (id === "") return "Give the job an id.";
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/.test(id)) {
    return "Use 1 to 63 letters, digits, “.”, “_” or “-”, beginning with a letter or digit.";
  }
  if (/^[0-9A-Fa-f]+$/.test(id)) {
    return "Use at least one character other than 0–9 and a–f: this could be taken for a container id.";
  }
  const suffix = /-(?:copy|upload|delete)$/.exec(id)?.[0];
  if (suffix) return `An id must not end in “${suffix}”: that marks the container of a step.`;
  return null;
}
