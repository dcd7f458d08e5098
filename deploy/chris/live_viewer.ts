import type { GapNotice, LogEvent, WorkflowView } from "lib/client/chris_client.ts";
import { type Output, OutputClosedError, OutputFailedError } from "../command/output.ts";
import type { Paint } from "../command/paint.ts";
import { visibleText } from "../command/visible_bytes.ts";
import type { JobViewer } from "./job_viewer.ts";
import { LiveBlock } from "./live_block.ts";
import { nextStep } from "./next_step.ts";
import { isRunning } from "./exit_codes.ts";
import { workflowLines } from "./show_workflow.ts";
import { remarkOn, writeLogLine } from "./write_log_line.ts";

/** What a terminal shows and where its lines go. */
export interface LiveViewerOptions {
  /** The terminal itself, which has the block. */
  readonly screen: Output;
  readonly out: Output;
  readonly err: Output;
  readonly paint: Paint;
  readonly now: () => number;
  /** Called with what a timer's drawing failed with: nobody else would hear of it. */
  readonly onFault: (fault: unknown) => void;
}

/** Pause between drawings (ms): times move on, and lines that come fast are not each followed by a drawing. */
const DRAW_MS = 250;

/** For a terminal: steps in one block that is drawn anew, log lines above it. */
export class LiveViewer implements JobViewer {
  readonly #options: LiveViewerOptions;
  readonly #block: LiveBlock;
  readonly #timer: ReturnType<typeof setInterval>;
  #view: WorkflowView | null = null;

  constructor(options: LiveViewerOptions) {
    this.#options = options;
    this.#block = new LiveBlock(options.screen);
    this.#timer = setInterval(() => this.#drawInTime(), DRAW_MS);
  }

  view(view: WorkflowView): void {
    this.#view = view;
    this.#draw();
  }

  line(event: LogEvent): void {
    const remark = remarkOn(event);
    if (remark) this.note(remark);
    if (event.eos) return;
    this.#block.erase();
    writeLogLine(event, this.#options, { raw: false, timestamps: false });
  }

  gap({ reason = "" }: GapNotice): void {
    this.note(`gap: some of the log cannot be had any more${reason ? ` (${reason})` : ""}`);
  }

  note(text: string): void {
    this.#block.erase();
    this.#options.screen.line(this.#options.paint("dim", visibleText(text)));
    this.#draw();
  }

  /** The block stays, with what was cut at the screen's edge. */
  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    try {
      this.#block.erase();
      for (const line of this.#lines()) this.#options.screen.line(line);
    } catch (error) {
      if (!(error instanceof OutputClosedError || error instanceof OutputFailedError)) throw error;
    }
  }

  #drawInTime(): void {
    try {
      this.#draw();
    } catch (fault) {
      clearInterval(this.#timer);
      this.#options.onFault(fault);
    }
  }

  #draw(): void {
    if (this.#view) this.#block.draw(this.#lines());
  }

  #lines(): string[] {
    if (!this.#view) return [];
    const { paint, now } = this.#options;
    const advice = isRunning(this.#view.status) && !this.#view.held ? null : nextStep(this.#view);
    return [
      ...workflowLines(this.#view, { now: now(), paint }),
      ...advice ? [paint("dim", `  next    ${advice}`)] : [],
    ];
  }
}
