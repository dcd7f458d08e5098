/**
 * Lines as the log forwarder has them after reading.
 *
 * @module
 */
import type { LogSubject } from "../../../workers/log_forwarder/log_events.ts";
import type { NewLine } from "../../../workers/log_forwarder/log_progress.ts";
import { lineOf } from "./printing.ts";

/** The line with this number, from 0; they follow each other every 20 µs. */
export function lineAt(index: number): NewLine {
  const time = new Date(Date.UTC(2026, 0, 15) + index / 50).toISOString();
  return {
    stream: "stdout",
    time: `${time.slice(0, 23)}${String(index % 50 * 20_000).padStart(6, "0")}Z`,
    text: lineOf(index),
    lossy: false,
    truncated: null,
    seq: index + 1,
    repeat: 1,
  };
}

/** Number `n` of many containers, with names as long as those of real ones. */
export function subjectOf(n: number): LogSubject {
  return {
    container_id: String(n).padStart(64, "f"),
    container_name: `chris-jid-${n}`,
    job_id: `chris-jid-${n}`,
    job_type: "plugin",
    created_at: "2026-01-15T00:00:00Z",
  };
}
