import type { GapNotice, LogEvent, WorkflowView } from "lib/client/chris_client.ts";
import type { Output } from "../command/output.ts";
import type { JobViewer } from "./job_viewer.ts";

/** For programs: an object for each thing that happens, with its `kind`. */
export class JsonViewer implements JobViewer {
  readonly #out: Output;
  readonly #note: (text: string) => void;
  #last = "";

  constructor(out: Output, note: (text: string) => void) {
    this.#out = out;
    this.#note = note;
  }

  view(view: WorkflowView): void {
    const said = JSON.stringify(view);
    if (said !== this.#last) this.#out.json({ kind: "workflow", ...view });
    this.#last = said;
  }

  line(event: LogEvent, cursor: string): void {
    this.#out.json({ kind: "logs", cursor, ...event });
  }

  gap(gap: GapNotice): void {
    this.#out.json({ kind: "gap", ...gap });
  }

  note(text: string): void {
    this.#note(text);
  }

  [Symbol.dispose](): void {}
}
