// @ts-check
/**
 * What the page shows of a job: each step's state, the verdict, and why it failed. Pure, derived from `JobState`.
 *
 * @module
 */
import { duration } from "./format.js";
import { cancelOf, story } from "./job_story.js";
/** @import { JobState, StatusRow } from "./job_state.js" */

/** The steps in their order; all but the last run in a container. */
export const STEPS = /** @type {const} */ (["copy", "plugin", "upload", "delete", "cleanup"]);

/** @typedef {"waiting" | "running" | "done" | "failed" | "stopped" | "skipped"} StepState `stopped`: by cancelling */
/**
 * @typedef {object} StepView
 * @property {string} step
 * @property {StepState} state
 * @property {string} note what is to be said beside the state, e.g. "exit 3"
 * @property {number | null} from when it began (milliseconds since 1970)
 * @property {number | null} to when it ended
 * @property {number | null} exitCode
 * @property {string | null} why in words, if it failed
 * @property {number} attempts
 */
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

/** Reasons that say that a container never ran, whatever state the runtime gives it. */
const NEVER_RAN = new Set(["image-pull", "config", "start-failed", "rejected-by-pfcon"]);
const OVER = new Set(["finishedSuccessfully", "finishedWithError", "failed", "cancelled"]);

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
  const over = OVER.has(flow.status);
  const steps = STEPS.map((step) => step === "cleanup" ? cleanupView(job, flow) : stepView(job, step, flow));
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

/** @param {string} step */
function rank(step) {
  const at = STEPS.findIndex((known) => known === step);
  return at >= 0 ? at : step === "completed" ? STEPS.length : -1;
}

/**
 * @param {JobState} job
 * @param {string} step
 * @param {Flow} flow
 * @returns {StepView}
 */
function stepView(job, step, flow) {
  const rows = job.statuses.filter((row) => row.step === step);
  const moves = job.moves.filter((move) => move.step === step);
  if (rows.length > 0) return unlessStopped(containerView(step, rows), job);
  const refused = moves.findLast((move) => /error|fail|not-run|undefined/i.test(move.stepStatus));
  const passed = rank(flow.step) > rank(step) || OVER.has(flow.status);
  /** @type {StepView} */
  const blank = {
    step,
    state: "waiting",
    note: "",
    from: null,
    to: null,
    exitCode: null,
    why: null,
    attempts: 1,
  };
  if (refused) {
    return { ...blank, state: "failed", note: "not run", why: refused.error ?? "could not be run" };
  }
  if (passed) return { ...blank, state: "skipped" };
  return flow.step === step ? { ...blank, note: "being scheduled" } : blank;
}

/**
 * @param {string} step
 * @param {readonly StatusRow[]} rows of that step, oldest first
 * @returns {StepView}
 */
function containerView(step, rows) {
  /** @type {StepView} */
  let view = {
    step,
    state: "waiting",
    note: "created",
    from: null,
    to: null,
    exitCode: null,
    why: null,
    attempts: 1,
  };
  for (const row of rows) {
    const isEnd = row.status.startsWith("finished") || row.status === "undefined" || neverRan(row);
    if (!isEnd && view.to !== null && row.time >= view.to) {
      view = { ...view, state: "waiting", note: "created", from: null, to: null, exitCode: null, why: null };
      view.attempts += 1;
    }
    if (isEnd) Object.assign(view, endOf(row));
    else if (row.status === "started") {
      view.from = row.time;
      if (view.to === null) Object.assign(view, { state: "running", note: "" });
    }
  }
  return view;
}

/**
 * A step that cancelling ended did not fail.
 *
 * @param {StepView} view
 * @param {JobState} job
 * @returns {StepView}
 */
function unlessStopped(view, job) {
  const asked = cancelOf(job);
  const stopped = asked?.step === view.step && view.state === "failed" && Number(view.to) >= asked.time;
  return stopped ? { ...view, state: "stopped", note: "stopped", why: null } : view;
}

/** @param {StatusRow} row */
function neverRan(row) {
  return row.reason !== null && NEVER_RAN.has(row.reason.code);
}

/**
 * @param {StatusRow} row a terminal state
 * @returns {Pick<StepView, "state" | "note" | "to" | "exitCode" | "why">}
 */
function endOf(row) {
  const { exitCode, time: to } = row;
  if (row.status === "finishedSuccessfully") return { state: "done", note: "", to, exitCode, why: null };
  const note = neverRan(row)
    ? "not run"
    : row.status === "undefined"
    ? "outcome unknown"
    : exitCode === null
    ? ""
    : `exit ${exitCode}`;
  const why = row.reason?.text ||
    (exitCode !== null && exitCode !== 0 ? `exited with code ${exitCode}` : "") ||
    row.message || (row.status === "undefined" ? "nobody saw how it ended" : "no reason was given");
  return { state: "failed", note, to, exitCode, why };
}

/**
 * @param {JobState} job
 * @param {Flow} flow
 * @returns {StepView}
 */
function cleanupView(job, flow) {
  const begun = job.moves.findLast((move) =>
    move.step === "cleanup" && !move.stepStatus.startsWith("finished")
  );
  const ended = job.moves.findLast((move) => move.step === "completed");
  const from = begun?.time ?? null;
  /** @type {StepView} */
  const view = {
    step: "cleanup",
    state: "waiting",
    note: "",
    from,
    to: null,
    exitCode: null,
    why: null,
    attempts: 1,
  };
  if (flow.step === "completed") return { ...view, state: "done", to: ended?.time ?? null };
  if (flow.step !== "cleanup") {
    return OVER.has(flow.status) ? { ...view, state: "skipped" } : { ...view, from: null };
  }
  if (OVER.has(flow.status)) return { ...view, state: "done", to: job.moves.at(-1)?.time ?? null };
  return { ...view, state: "running", note: job.held ? "held" : "" };
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
