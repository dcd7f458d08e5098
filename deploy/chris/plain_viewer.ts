import type { GapNotice, LogEvent, WorkflowView } from "lib/client/chris_client.ts";
import type { Output } from "../command/output.ts";
import type { Paint } from "../command/paint.ts";
import { visibleText } from "../command/visible_bytes.ts";
import type { JobViewer } from "./job_viewer.ts";
import { nextStep } from "./next_step.ts";
import { stepLine, workflowLines } from "./show_workflow.ts";
import { stepChanges } from "./step_changes.ts";
import { remarkOn, writeLogLine } from "./write_log_line.ts";

/** Where lines go. */
export interface PlainViewerOptions {
  /** For what happens to the job. */
  readonly progress: Output;
  readonly out: Output;
  readonly err: Output;
  readonly paint: Paint;
  readonly now: () => number;
}

/** For files and pipes: a line for each thing that happens. */
export class PlainViewer implements JobViewer {
  readonly #options: PlainViewerOptions;
  #view: WorkflowView | null = null;

  constructor(options: PlainViewerOptions) {
    this.#options = options;
  }

  view(view: WorkflowView): void {
    const { progress, paint, now } = this.#options;
    const { steps, held, over } = stepChanges(this.#view, view);
    this.#view = view;
    for (const step of steps) progress.line(stepLine(step, { now: now(), paint }).trimEnd());
    if (held) progress.line(`held: ${visibleText(held)}`);
    if (!over) return;
    progress.line(workflowLines({ ...view, steps: [], held: null }, { now: now(), paint }).join("\n"));
    const advice = nextStep(view);
    if (advice) progress.line(`next: ${advice}`);
  }

  line(event: LogEvent): void {
    const remark = remarkOn(event);
    if (remark) this.note(remark);
    if (!event.eos) writeLogLine(event, this.#options, { raw: false, timestamps: false });
  }

  gap({ reason = "" }: GapNotice): void {
    this.note(`gap: some of the log cannot be had any more${reason ? ` (${reason})` : ""}`);
  }

  note(text: string): void {
    this.#options.err.line(visibleText(text));
  }

  [Symbol.dispose](): void {}
}
