import type { CommandContext } from "./command.ts";
import type { JobViewer } from "./job_viewer.ts";
import { JsonViewer } from "./json_viewer.ts";
import { LiveViewer } from "./live_viewer.ts";
import { PlainViewer } from "./plain_viewer.ts";

/** How a job is to be shown. */
export interface ViewerChoice {
  readonly json: boolean;
  /** Where its progress is to be shown. */
  readonly on: "out" | "err";
  /** See {@link LiveViewerOptions.onFault}. */
  readonly onFault: (fault: unknown) => void;
}

/** The viewer that suits what reads the output. */
export function openViewer(context: CommandContext, { json, on, onFault }: ViewerChoice): JobViewer {
  const { out, err, note, live, now } = context;
  if (json) return new JsonViewer(out, note);
  const progress = on === "out" ? out : err;
  const paint = on === "out" || live.err ? context.paint : (_: string, text: string) => text;
  if (live[on]) return new LiveViewer({ screen: progress, out, err, paint, now, onFault });
  return new PlainViewer({ progress, out, err, paint, now });
}
