/**
 * What must become of a workflow, in tables: written from the contract (the order of steps and the verdicts of the
 * reference, wire.md §2, §4 and §7) and not from the product, which tests compare with it.
 *
 * @module
 */
import type { JobType, StatusEvent } from "../event/status.ts";

/** How a step can end. */
export const ENDINGS = [
  "finishedSuccessfully",
  "finishedWithError",
  "undefined",
  "skipped",
  "not-run",
] as const;
/** How a step can end. */
export type Ending = typeof ENDINGS[number];

/** Something said about a workflow: that a step ended, that its containers are deleted, or what somebody asks for. */
export type Saying = { readonly step: JobType; readonly ending: Ending } | "cleaned up" | "cancel" | "retry";

/** Where a workflow stands, and what has become of it. */
export interface Standing {
  readonly step: JobType | "cleanup" | "completed";
  /** `running` until it is over. */
  readonly verdict: string;
  readonly ends: Readonly<Partial<Record<JobType, Ending>>>;
  /** What was told on the way: step, its state and the workflow's. */
  readonly moves: readonly string[];
  /** Whether somebody has asked, in this attempt, for it to be cancelled. */
  readonly unwanted: boolean;
  readonly attempt: number;
}

/** Which step follows one that ended well, and one that did not. */
const NEXT = {
  copy: { well: "plugin", badly: "delete" },
  plugin: { well: "upload", badly: "delete" },
  upload: { well: "delete", badly: "delete" },
  delete: { well: "cleanup", badly: "cleanup" },
} as const;

/** Endings after which things go on as if the step had done its work. */
const WELL: readonly Ending[] = ["finishedSuccessfully", "skipped"];

/** The first row that applies is the verdict. A delete never spoils it. */
const VERDICTS: readonly [step: JobType, endings: readonly (Ending | undefined)[], verdict: string][] = [
  ["copy", ["finishedWithError", "undefined", "not-run"], "failed"],
  ["plugin", ["finishedWithError", "undefined"], "finishedWithError"],
  ["plugin", ["skipped", "not-run", undefined], "failed"],
  ["upload", ["finishedWithError", "undefined", "not-run"], "failed"],
  ["plugin", ["finishedSuccessfully"], "finishedSuccessfully"],
];

/** Reasons of a container that never ran (wire.md §7). */
const NEVER_RAN = ["image-pull", "config", "start-failed", "rejected-by-pfcon"];

/** Where a workflow begins. */
export const BEGINNING: Standing = {
  step: "copy",
  verdict: "running",
  ends: {},
  moves: ["copy started running"],
  unwanted: false,
  attempt: 1,
};

/** Verdicts after which another attempt may be made. */
const RETRIABLE = ["finishedWithError", "failed", "cancelled"];

/** Where a workflow stands after it was told something: only the first end of the step it stands at counts. */
export function after(standing: Standing, saying: Saying): Standing {
  const { step, ends, moves, unwanted } = standing;
  if (saying === "retry") return RETRIABLE.includes(standing.verdict) ? anotherAttempt(standing) : standing;
  if (step === "completed") return standing;
  if (saying === "cancel") {
    return unwanted
      ? standing
      : { ...standing, unwanted: true, moves: [...moves, `${step} cancelling running`] };
  }
  if (saying === "cleaned up") {
    if (step !== "cleanup") return standing;
    const earned = VERDICTS.find(([of, endings]) => endings.includes(ends[of]))?.[2] ?? "none";
    const verdict = unwanted ? "cancelled" : earned;
    const told = ["cleanup finishedSuccessfully running", `completed finishedSuccessfully ${verdict}`];
    return { ...standing, step: "completed", verdict, moves: [...moves, ...told] };
  }
  if (saying.step !== step) return standing;
  const next = NEXT[step][WELL.includes(saying.ending) && !unwanted ? "well" : "badly"];
  const told = [`${step} ${saying.ending} running`, `${next} started running`];
  return { ...standing, step: next, ends: { ...ends, [step]: saying.ending }, moves: [...moves, ...told] };
}

/** All over again. */
function anotherAttempt({ moves, attempt }: Standing): Standing {
  return {
    ...BEGINNING,
    moves: [...moves, "copy retrying running", ...BEGINNING.moves],
    attempt: attempt + 1,
  };
}

/** The whole life of a workflow whose steps would end so, from where it stands. */
export function lifeWith(ends: Readonly<Record<JobType, Ending>>, from: Standing = BEGINNING): Standing {
  let standing = from;
  while (standing.step !== "completed") {
    const { step } = standing;
    standing = after(standing, step === "cleanup" ? "cleaned up" : { step, ending: ends[step] });
  }
  return standing;
}

/** How its step ended, if that is what the event says. */
export function endingIn(event: Pick<StatusEvent, "status" | "previous_status" | "reason">): Ending | null {
  const { status, previous_status, reason } = event;
  switch (status) {
    case "finishedSuccessfully":
      return status;
    case "finishedWithError":
      return reason && NEVER_RAN.includes(reason.code) ? "not-run" : status;
    case "undefined":
      return previous_status === "notStarted" ? null : status; // it never ran: whoever ordered it decides
    default:
      return null;
  }
}
