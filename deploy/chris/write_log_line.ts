import type { LogEvent } from "lib/client/chris_client.ts";
import { visibleText } from "../../web/visible_text.js";
import type { Output } from "../command/output.ts";

/** How lines are written. */
export interface LogLineStyle {
  /** As the process wrote them; otherwise what a terminal would obey or hide is written out. */
  readonly raw: boolean;
  readonly timestamps: boolean;
}

/** Writes a line to where the process wrote it: what is not known to be standard error is standard output. */
export function writeLogLine(
  event: LogEvent,
  { out, err }: { readonly out: Output; readonly err: Output },
  { raw, timestamps }: LogLineStyle,
): void {
  const text = raw ? event.line : visibleText(event.line);
  (event.stream === "stderr" ? err : out).line(timestamps ? `${event.timestamp} ${text}` : text);
}

/** What is to be said about a line or a container's end beside its text; null if nothing. Pure. */
export function remarkOn(event: LogEvent): string | null {
  if (event.gap) {
    return `lines may be missing here: the runtime dropped what ${event.job_type} wrote before it was read`;
  }
  return event.truncated
    ? `the next line of ${event.job_type} was cut: it had ${event.truncated} bytes`
    : null;
}
