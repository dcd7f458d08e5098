/**
 * What each job was made to do, and what must follow from it. Pure; known before the job has run, from nothing
 * that the system said.
 *
 * @module
 */

/** The containers that a job may have, in their order. */
export const STEPS = ["copy", "plugin", "upload", "delete"] as const;
/** One of them. */
export type Step = typeof STEPS[number];

/** What a user asked of a job over HTTP, once or with several clicks at once, until each was answered. */
export interface Asked {
  readonly action: "cancel" | "retry";
  /** When it was first sent, and when the last click was answered (ms since 1970). */
  readonly sentAt: number;
  readonly answeredAt: number;
  /** The answer to each click: its status, and the attempt that it names. */
  readonly answers: readonly { readonly status: number; readonly attempt: number | null }[];
}

/** A job as it was ordered, and what its plugin does. */
export interface JobTruth {
  readonly jobId: string;
  /** What kind of job it is, for reports. */
  readonly recipe: string;
  /** What the plugin writes, line by line. */
  readonly stdout: readonly string[];
  readonly stderr: readonly string[];
  /** How the plugin ends: with an exit code, or without having run as there is no such image or program. */
  readonly end: { readonly exit: number } | "no-image" | "no-program";
  /** When the order was accepted (ms since 1970); null if it is not known to have been. */
  readonly acceptedAt: number | null;
  /** What was asked of it later, in that order. @default nothing */
  readonly asked?: readonly Asked[];
}

/** A line of a workflow's history. */
export interface WorkflowLine {
  readonly step: string;
  readonly stepStatus: string;
  readonly workflowStatus: string;
}

/** The containers that this job must have run, each once. */
export function stepsRun({ end }: Pick<JobTruth, "end">): Step[] {
  if (typeof end === "string") return ["copy", "delete"];
  return end.exit === 0 ? ["copy", "plugin", "upload", "delete"] : ["copy", "plugin", "delete"];
}

/** The workflow's result. */
export function verdict({ end }: Pick<JobTruth, "end">): string {
  if (typeof end === "string") return "failed";
  return end.exit === 0 ? "finishedSuccessfully" : "finishedWithError";
}

/** Every line of the workflow's history, in order. */
export function workflowLines(truth: Pick<JobTruth, "end">): WorkflowLine[] {
  const running = (step: string, stepStatus: string) => ({ step, stepStatus, workflowStatus: "running" });
  const plugin = typeof truth.end === "string" ? "not-run" : verdict(truth);
  const steps: [string, string][] = [["copy", "finishedSuccessfully"], ["plugin", plugin]];
  if (plugin === "finishedSuccessfully") steps.push(["upload", "finishedSuccessfully"]);
  steps.push(["delete", "finishedSuccessfully"], ["cleanup", "finishedSuccessfully"]);
  return [
    ...steps.flatMap(([step, result]) => [running(step, "started"), running(step, result)]),
    { step: "completed", stepStatus: "finishedSuccessfully", workflowStatus: verdict(truth) },
  ];
}

/** What took effect of what was asked: a cancellation with the attempt it ended, a retry with the one it began. */
export function controls(
  { asked = [] }: Pick<JobTruth, "asked">,
): {
  readonly action: Asked["action"];
  readonly attempt: number;
  readonly sentAt: number;
  readonly answeredAt: number;
}[] {
  return asked.flatMap(({ action, sentAt, answeredAt, answers }) => {
    const accepted = answers.find(({ status }) => status === 202);
    return accepted ? [{ action, attempt: accepted.attempt ?? 1, sentAt, answeredAt }] : [];
  });
}

/** How many attempts there were. */
export function attemptsOf(truth: Pick<JobTruth, "asked">): number {
  return Math.max(1, ...controls(truth).map(({ attempt }) => attempt));
}

/** Whether the attempt was cancelled. */
export function wasCancelled(truth: Pick<JobTruth, "asked">, attempt: number): boolean {
  return controls(truth).some((one) => one.action === "cancel" && one.attempt === attempt);
}

/** What pfcon calls the container of a job's step. */
export function containerName(jobId: string, step: Step): string {
  return step === "plugin" ? jobId : `${jobId}-${step}`;
}

/** Which of these jobs a container of this name belongs to, and to which step; null if to none. */
export function ownerOf(name: string, jobIds: ReadonlySet<string>): { jobId: string; step: Step } | null {
  for (const step of STEPS) {
    const jobId = step === "plugin" ? name : name.endsWith(`-${step}`) ? name.slice(0, -step.length - 1) : "";
    if (jobIds.has(jobId)) return { jobId, step };
  }
  return null;
}
