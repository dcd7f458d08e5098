// @ts-check
/**
 * What is known of a job, gathered from its status and workflow events and from `GET …/workflow`. Pure: each function
 * returns a new state. `job_view_state.js` derives what is shown.
 *
 * @module
 */

/**
 * @typedef {object} StatusRow One state of one container.
 * @property {string} key
 * @property {number} time milliseconds since 1970
 * @property {string} step
 * @property {string} status without `confirmed_`
 * @property {number | null} exitCode
 * @property {{ code: string, text: string } | null} reason
 * @property {string} message
 * @property {string} image
 * @property {string} cmd
 * @property {boolean} confirmed the backend has been told that this state is durable
 */
/**
 * @typedef {object} WorkflowRow One move of the workflow.
 * @property {number} time
 * @property {string} step
 * @property {string} stepStatus
 * @property {string} status of the whole workflow
 * @property {string | null} error of a request to cancel or retry: who asked, and why
 * @property {number} attempt from 1
 */
/**
 * @typedef {object} JobState
 * @property {readonly StatusRow[]} statuses in the order in which they became known
 * @property {readonly WorkflowRow[]} moves
 * @property {Snapshot | null} snapshot last answer of `GET …/workflow`
 * @property {string | null} held why cleanup waits
 */
/**
 * @typedef {object} Snapshot
 * @property {string} step
 * @property {string} status
 * @property {number} time
 * @property {string | null} error
 * @property {number} attempt from 1
 * @property {boolean} cancelling
 * @property {string | null} waitingFor why the step does not get on at the moment
 * @property {string} reason code of why a step failed; empty if none did
 */
/** @typedef {Record<string, unknown>} Json */

/** @type {JobState} */
export const NOTHING_KNOWN = Object.freeze({ statuses: [], moves: [], snapshot: null, held: null });

const CONFIRMED = "confirmed_";

/**
 * Takes in a status event. The same fact twice changes nothing; a confirmation marks the row it confirms.
 *
 * @param {JobState} job
 * @param {Json} event
 * @returns {JobState}
 */
export function withStatus(job, event) {
  const row = statusRow(event);
  const at = job.statuses.findIndex((known) => known.key === row.key);
  const known = job.statuses[at];
  if (!known) return { ...job, statuses: [...job.statuses, row] };
  if (!row.confirmed || known.confirmed) return job;
  return { ...job, statuses: job.statuses.with(at, { ...known, confirmed: true }) };
}

/**
 * @param {Json} event
 * @returns {StatusRow}
 */
function statusRow(event) {
  const raw = text(event.status);
  const confirmed = raw.startsWith(CONFIRMED);
  const status = confirmed ? raw.slice(CONFIRMED.length) : raw;
  const timestamp = text(event.timestamp) || text(event.updated_at);
  return {
    key: `${text(event.job_type)}:${status}:${timestamp}`,
    time: Date.parse(timestamp),
    step: text(event.job_type),
    status,
    exitCode: typeof event.exit_code === "number" ? event.exit_code : null,
    reason: reasonOf(event.reason),
    message: confirmed ? "" : text(event.message),
    image: text(event.image),
    cmd: text(event.cmd),
    confirmed,
  };
}

/**
 * Takes in a workflow event.
 *
 * @param {JobState} job
 * @param {Json} event
 * @returns {JobState}
 */
export function withWorkflow(job, event) {
  /** @type {WorkflowRow} */
  const row = {
    time: Date.parse(text(event.timestamp) || text(event.created_at)),
    step: text(event.current_step),
    stepStatus: text(event.current_step_status),
    status: text(event.workflow_status),
    error: text(event.error) || null,
    attempt: attemptOf(event.attempt),
  };
  const repeated = job.moves.some((known) =>
    known.time === row.time && known.step === row.step && known.stepStatus === row.stepStatus &&
    known.status === row.status
  );
  return repeated ? job : { ...job, moves: [...job.moves, row] };
}

/**
 * Takes in the answer of `GET /api/jobs/{id}/workflow`.
 *
 * @param {JobState} job
 * @param {Json} answer
 * @returns {JobState}
 */
export function withSnapshot(job, answer) {
  const step = text(answer.current_step);
  const steps = /** @type {Json[]} */ (Array.isArray(answer.steps) ? answer.steps : []);
  const current = steps.find((each) => each?.step === step);
  return {
    ...job,
    snapshot: {
      step,
      status: text(answer.status),
      time: Date.parse(text(answer.updated_at)),
      error: text(answer.error) || null,
      attempt: attemptOf(answer.attempt),
      cancelling: answer.cancelling === true,
      waitingFor: text(current?.waiting_for) || null,
      reason: reasonOf(steps.find((each) => each?.reason)?.reason)?.code ?? "",
    },
    held: heldText(answer.held),
  };
}

/** @param {unknown} value */
function attemptOf(value) {
  return typeof value === "number" && value > 1 ? value : 1;
}

/** @param {unknown} held a sentence, or an object that holds one */
function heldText(held) {
  if (held === null || held === undefined || held === false) return null;
  if (typeof held === "string") return held || null;
  if (typeof held !== "object") return "waiting";
  const { text: words, reason, message } = /** @type {Json} */ (held);
  return text(words) || text(reason) || text(message) || "waiting";
}

/** @param {unknown} value */
function reasonOf(value) {
  if (!value || typeof value !== "object") return null;
  const { code, text: words } = /** @type {Json} */ (value);
  return { code: text(code), text: text(words) };
}

/** @param {unknown} value */
function text(value) {
  return typeof value === "string" ? value : "";
}
