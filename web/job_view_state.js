// @ts-check
/**
 * What the page shows of a job: its steps, the verdict, and why it failed. Pure, derived from `JobState`.
 *
 * @module
 */
import { duration } from "./format.js";
import { story } from "./job_story.js";
import { isOver, stepViews } from "./step_view_state.js";
/** @import { JobState } from "./job_state.js" */
/** @import { StepView } from "./step_view_state.js" */

/**
 * @typedef {object} JobView
 * @property {readonly StepView[]} steps
 * @property {"unknown" | "running" | "cancelling" | "held" | "succeeded" | "failed" | "cancelled"} tone
 * @property {string} headline
 * @property {string} detail the rest of the story, or empty
 * @property {boolean} over
 * @property {number} attempt the one shown, which is the last
 * @property {number | null} from when that began
 * @property {number | null} to
 */

/**
 * Derives what is shown: the last attempt at the job.
 *
 * @param {JobState} whole
 * @returns {JobView}
 */
export function viewOf(whole) {
  const attempt = lastAttempt(whole);
  const job = onlyAttempt(whole, attempt);
  const flow = currentFlow(job);
  const over = isOver(flow);
  const steps = stepViews(job, flow);
  const times = [...job.statuses, ...job.moves].map((row) => row.time).filter(Number.isFinite);
  return {
    steps,
    ...story(job, flow, steps),
    over,
    attempt,
    from: times.length > 0 ? times.reduce((a, b) => Math.min(a, b)) : null,
    to: over && times.length > 0 ? times.reduce((a, b) => Math.max(a, b)) : null,
  };
}

/**
 * @param {Pick<JobState, "moves" | "snapshot">} job
 * @returns {number} the number of the last attempt, from 1
 */
export function lastAttempt({ moves, snapshot }) {
  return moves.reduce((last, move) => Math.max(last, move.attempt), snapshot?.attempt ?? 1);
}

/**
 * What is known of one attempt. Containers do not say whose they are: those of an earlier attempt are older than its
 * end.
 *
 * @param {JobState} job
 * @param {number} attempt
 * @returns {JobState}
 */
function onlyAttempt(job, attempt) {
  const moves = job.moves.filter((move) => move.attempt === attempt);
  const snapshot = job.snapshot?.attempt === attempt ? job.snapshot : null;
  const before = job.moves.filter((move) => move.attempt < attempt).map((move) => move.time);
  const end = before.reduce((a, b) => Math.max(a, b), -Infinity);
  return { ...job, moves, snapshot, statuses: job.statuses.filter((row) => !(row.time <= end)) };
}

/**
 * @typedef {{ step: string, status: string, error: string | null }} Flow Where the workflow stands.
 */

/**
 * @param {JobState} job
 * @returns {Flow} the newer of the last event and the last answer
 */
function currentFlow(job) {
  const last = job.moves.at(-1);
  const asked = job.snapshot;
  if (!last) return { step: asked?.step ?? "", status: asked?.status ?? "", error: asked?.error ?? null };
  if (asked && asked.time > last.time) return { ...asked, error: asked.error ?? last.error };
  return { step: last.step, status: last.status, error: last.error };
}

/**
 * How long a step (or the job) took; while it goes on, in whole seconds; empty if it has not begun.
 *
 * @param {{ from: number | null, to: number | null }} span
 * @param {number} now milliseconds since 1970
 */
export function spanText({ from, to }, now) {
  if (from === null) return "";
  if (to !== null) return duration(to - from);
  const seconds = Math.max(0, Math.floor((now - from) / 1000));
  return seconds < 10 ? `${seconds} s` : duration(seconds * 1000);
}
