/**
 * A workflow as lines for people. Pure.
 *
 * @module
 */
import type { StepView, WorkflowView } from "lib/client/chris_client.ts";
import type { Colour, Paint } from "../command/paint.ts";
import { visibleText } from "../command/visible_bytes.ts";
import { duration } from "./duration.ts";
import { isRunning } from "./exit_codes.ts";

/** The whole workflow: one line for it, one for each step, and why it waits or failed. `now` in ms since 1970. */
export function workflowLines(view: WorkflowView, { now, paint }: { now: number; paint: Paint }): string[] {
  const running = isRunning(view.status);
  const took = duration((running ? now : Date.parse(view.updated_at)) - Date.parse(view.created_at));
  const head = [
    paint("bold", visibleText(view.job_id)),
    statusWord(view.status, paint) + (running && view.cancelling ? paint("yellow", ", being cancelled") : ""),
    ...running ? [`at ${paint("bold", visibleText(view.current_step))}`] : [],
    paint("dim", took),
    ...view.attempt > 1 ? [paint("dim", `attempt ${view.attempt}`)] : [],
  ];
  return [
    head.join("  "),
    ...view.steps.map((each) => `  ${stepLine(each, { now, paint })}`),
    ...view.held ? [`  ${paint("yellow", "held")}    ${visibleText(view.held)}`] : [],
    ...view.error ? [`  ${paint("red", "error")}   ${visibleText(view.error)}`] : [],
  ];
}

/** One step: name, state, time, and what there is to say about it. */
export function stepLine(step: StepView, { now, paint }: { now: number; paint: Paint }): string {
  const ms = step.duration_ms ?? now - Date.parse(step.started_at);
  const name = visibleText(step.step).padEnd(8);
  const status = statusWord(step.status, paint) + " ".repeat(Math.max(0, 20 - step.status.length));
  return `${name}${status}${duration(ms).padStart(10)}${stepNote(step, paint)}`;
}

/** A status in the colour that tells whether it is good. */
export function statusWord(status: string, paint: Paint): string {
  return paint(colourOf(status), visibleText(status));
}

function stepNote({ exit_code, reason, waiting_for, ended_at }: StepView, paint: Paint): string {
  const parts = [
    reason ? visibleText(reason.text) : exit_code ? `exit code ${exit_code}` : "",
    waiting_for && !ended_at ? `waiting: ${visibleText(waiting_for)}` : "",
  ].filter(Boolean);
  return parts.length > 0 ? `  ${paint("dim", parts.join("; "))}` : "";
}

function colourOf(status: string): Colour {
  if (status === "finishedSuccessfully") return "green";
  if (status === "running" || status === "started" || status === "notStarted") return "cyan";
  return status === "cancelled" || status === "skipped" ? "yellow" : "red";
}
