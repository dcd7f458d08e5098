// @ts-check
/**
 * The list of jobs as far as it was loaded, and what a look at its beginning changes in it. Pure.
 *
 * @module
 */

/**
 * @typedef {object} ListedJob
 * @property {string} job_id
 * @property {string} status of the workflow
 * @property {string} current_step
 * @property {string | null} held why its cleanup waits
 * @property {string | null} error
 * @property {string} created_at
 * @property {string} updated_at
 * @property {string | null} image
 */
/** @typedef {{ jobs: ListedJob[], next: string | null }} JobPage */
/** @typedef {{ status: string, q: string }} JobFilter `status`: states separated by commas, "" for all */

/** The states a list can be limited to, by the name in the page's address. */
export const STATUS_FILTERS = /** @type {const} */ ({
  all: "",
  running: "running",
  succeeded: "finishedSuccessfully",
  failed: "finishedWithError,failed",
  cancelled: "cancelled",
});

/** @typedef {keyof typeof STATUS_FILTERS} StatusFilter */

/**
 * Takes in a new look at the list's beginning: jobs that are shown change where they stand, and nothing moves.
 *
 * @param {readonly ListedJob[]} shown newest first
 * @param {JobPage} look
 * @returns {{ jobs: ListedJob[], fresh: ListedJob[], left: string[] }} `fresh`: those that came since; `left`: ids of
 *   those going on that the look should have had and has not, so that they must have changed
 */
export function compareLists(shown, look) {
  const seen = new Map(look.jobs.map((job) => [job.job_id, job]));
  const known = new Set(shown.map((job) => job.job_id));
  const newest = shown[0]?.created_at ?? "";
  const oldest = look.next === null ? "" : look.jobs.at(-1)?.created_at ?? "\uffff";
  return {
    jobs: shown.map((job) => seen.get(job.job_id) ?? job),
    fresh: look.jobs.filter((job) => !known.has(job.job_id) && job.created_at >= newest),
    left: shown.filter((job) => job.status === "running" && !seen.has(job.job_id) && job.created_at > oldest)
      .map((job) => job.job_id),
  };
}

/**
 * How a job goes: a tone, and a word or two.
 *
 * @param {ListedJob} job
 * @returns {{ tone: "running" | "held" | "succeeded" | "failed" | "cancelled", text: string }}
 */
export function summaryOf({ status, current_step, held, error }) {
  switch (status) {
    case "finishedSuccessfully":
      return { tone: "succeeded", text: error ? `succeeded, but ${error}` : "succeeded" };
    case "finishedWithError":
    case "failed":
      return { tone: "failed", text: error ?? "failed" };
    case "cancelled":
      return { tone: "cancelled", text: error ?? "cancelled" };
    default:
      if (held !== null) return { tone: "held", text: `held in cleanup: ${held}` };
      return {
        tone: "running",
        text: `${current_step}${error ? `: ${error}` : ""}`,
      };
  }
}

/**
 * What the address of the home view asks to be listed.
 *
 * @param {string} search as in an address
 * @returns {{ status: StatusFilter, q: string }}
 */
export function readFilter(search) {
  const params = new URLSearchParams(search);
  const status = params.get("status") ?? "";
  const known = Object.hasOwn(STATUS_FILTERS, status);
  return { status: known ? /** @type {StatusFilter} */ (status) : "all", q: params.get("q") ?? "" };
}

/** @param {{ status: StatusFilter, q: string }} filter @returns {string} path of the home view that lists so */
export function filterPath({ status, q }) {
  const params = new URLSearchParams();
  if (status !== "all") params.set("status", status);
  if (q !== "") params.set("q", q);
  return params.size === 0 ? "/" : `/?${params}`;
}
