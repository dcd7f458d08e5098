/**
 * What somebody has seen of a container, told by what the container did and not by where Redis kept it: the stage of
 * its life, the number and the time of its last line. An event that Redis lost and that was told again under another
 * entry id is recognised by it. A few dozen bytes for a container, however long its log. Pure.
 *
 * @module
 */

/** How far a container was followed. Times are in ms since 1970. */
export interface Mark {
  /** Stages of its life that were told, as a sum: 1 created, 2 started, 4 ended, 8 the end confirmed. */
  readonly stages: number;
  /** Latest time of a state. */
  readonly stageMs: number;
  /** Last place in its log: 2 × the line's number, one more for the end-of-stream marker; 0 before the first line. */
  readonly place: number;
  /** Latest time of a line. */
  readonly placeMs: number;
}

/** Where one event stands in the life of its container: a state (`stage`), or a part of its log (`place`). */
export interface Step {
  /** Short name of the container, unique within its job. */
  readonly container: string;
  /** One of those of {@linkcode Mark.stages}; 0: it is no state. */
  readonly stage: number;
  readonly place: number;
  readonly ms: number;
}

const STAGES: Readonly<Record<string, number>> = {
  notStarted: 1,
  started: 2,
  finishedSuccessfully: 4,
  finishedWithError: 4,
  undefined: 4,
};

/** Where a log event stands; null if it does not number its lines, as the reference's do not. */
export function stepOfLog(event: Readonly<Record<string, unknown>>): Step | null {
  const { job_type, container_id, seq, eos, timestamp } = event;
  if (typeof container_id !== "string" || !Number.isInteger(seq)) return null;
  if (Number(seq) < 0 || Number(seq) > MAX_SEQ) return null;
  return {
    container: shortName(job_type, container_id),
    stage: 0,
    place: Number(seq) * 2 + (eos === true ? 1 : 0),
    ms: msOf(timestamp),
  };
}

/** Where a status event stands; null if its status is none. */
export function stepOfStatus(event: Readonly<Record<string, unknown>>): Step | null {
  const { job_type, container_id, status, timestamp } = event;
  if (typeof status !== "string") return null;
  const stage = status.startsWith("confirmed_") ? 8 : STAGES[status];
  if (stage === undefined) return null;
  const container = shortName(job_type, typeof container_id === "string" ? container_id : "");
  return { container, stage, place: 0, ms: msOf(timestamp) };
}

/** Whether who has come to `mark` has seen what stands at `step`. */
export function isSeen(mark: Mark | undefined, { stage, place, ms }: Step): boolean {
  if (!mark) return false;
  return stage > 0
    ? (stage & mark.stages) !== 0 && ms <= mark.stageMs
    : place <= mark.place && ms <= mark.placeMs;
}

/** Whether a state is one of a life before that of the mark: it is further on in life, and yet lies before it. */
export function isOfEarlierLife({ stages, stageMs }: Mark, { stage, ms }: Step): boolean {
  return stage > stages && ms + SAME_LIFE_MS < stageMs;
}

/**
 * Numbers of the first and last line that are missing between `mark` and a log event at `step`; null if none is.
 * `complete`: without a mark, the container's first line is the next one.
 */
export function missingBefore(
  mark: Mark | undefined,
  step: Step,
  complete: boolean,
): { from: number; to: number } | null {
  if (!mark?.place && !complete) return null;
  const next = Math.floor((mark?.place ?? 0) / 2) + 1;
  // The marker has the number of the last line, and not of a next one.
  const to = Math.floor(step.place / 2) - (step.place % 2 === 1 ? 0 : 1);
  return to < next ? null : { from: next, to };
}

/** The mark after what stands at `step`, which was told. */
export function advanced(mark: Mark = NOTHING, { stage, place, ms }: Step): Mark {
  // A number or stage that begins anew at a later time is that of a container that was started again, or whose
  // forwarder had to begin anew at what log rotation left.
  if (stage > 0) {
    const anew = ms > mark.stageMs + SAME_LIFE_MS && mark.stages >= stage;
    const before = anew ? CREATED : mark.stages;
    return { ...mark, stages: before | stage, stageMs: Math.max(ms, mark.stageMs) };
  }
  const late = ms > mark.placeMs;
  return { ...mark, place: late ? place : Math.max(place, mark.place), placeMs: Math.max(ms, mark.placeMs) };
}

/** The first stage, which only the first life of a container has: later ones begin with being started. */
const CREATED = 1;
/** Docker may say of a short process that it ended so long before it started, if Docker was busy (ms). */
const SAME_LIFE_MS = 10_000;
/** That of a container of which nothing was seen. */
export const NOTHING: Mark = { stages: 0, stageMs: 0, place: 0, placeMs: 0 };

/** Largest line number that fits into a position. */
const MAX_SEQ = 1_000_000_000_000_000;

/** First letter of the step, five letters or digits of the container's id. */
function shortName(jobType: unknown, containerId: string): string {
  const step = typeof jobType === "string" && /^[a-z]/.test(jobType) ? jobType[0] : "x";
  const begin = containerId.slice(0, 5);
  if (/^[a-z0-9]{5}$/.test(begin)) return `${step}${begin}`;
  let hash = 0;
  for (let i = 0; i < containerId.length; i++) hash = Math.imul(hash, 31) + containerId.charCodeAt(i) >>> 0;
  return `${step}${(hash % 36 ** 5).toString(36).padStart(5, "0")}`;
}

function msOf(timestamp: unknown): number {
  const ms = typeof timestamp === "string" ? Date.parse(timestamp) : NaN;
  return ms >= 0 && ms <= 4_102_444_800_000 ? ms : 0;
}
