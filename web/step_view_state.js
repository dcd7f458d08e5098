// @ts-check
/**
 * What the page shows of each step of a job: its state, how long it took, and why it failed. Pure.
 *
 * @module
 */
import { cancelOf } from "./job_story.js";
/** @import { JobState, StatusRow } from "./job_state.js" */
/** @import { Flow } from "./job_view_state.js" */

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
/** Reasons that say that a container never ran, whatever state the runtime gives it. */
const NEVER_RAN = new Set(["image-pull", "config", "start-failed", "rejected-by-pfcon"]);
const OVER = new Set(["finishedSuccessfully", "finishedWithError", "failed", "cancelled"]);

/**
 * @param {JobState} job one attempt
 * @param {Flow} flow
 * @returns {StepView[]} of all {@link STEPS}
 */
export function stepViews(job, flow) {
  return STEPS.map((step) => step === "cleanup" ? cleanupView(job, flow) : stepView(job, step, flow));
}

/** @param {Flow} flow */
export function isOver({ status }) {
  return OVER.has(status);
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
  const passed = rank(flow.step) > rank(step) || isOver(flow);
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
    return isOver(flow) ? { ...view, state: "skipped" } : { ...view, from: null };
  }
  if (isOver(flow)) return { ...view, state: "done", to: job.moves.at(-1)?.time ?? null };
  return { ...view, state: "running", note: job.held ? "held" : "" };
}
