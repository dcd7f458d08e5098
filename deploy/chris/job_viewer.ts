import type { GapNotice, LogEvent, WorkflowView } from "lib/client/chris_client.ts";

/** Shows what happens to a job while it is followed. */
export interface JobViewer extends Disposable {
  /** How the workflow stands now; perhaps the same as before. */
  view(view: WorkflowView): void;
  /** A line of its log, with the cursor after it. */
  line(event: LogEvent, cursor: string): void;
  gap(notice: GapNotice): void;
  /** Something to tell people beside it. */
  note(text: string): void;
}
