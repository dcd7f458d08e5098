/**
 * The log event: one line of a container's output, or the end-of-stream marker after the last one.
 *
 * @module
 */
import { z } from "@zod/zod";
import { JobType } from "./status.ts";

/** A log event as it stands in the `data` field of `stream:job-logs:{shard}` (wire.md §3). */
export const LogEvent = z.object({
  event_id: z.string().min(1),
  job_id: z.string().min(1),
  job_type: JobType,
  container_name: z.string(),
  /** What the process wrote between two newlines; empty on the end-of-stream marker. */
  line: z.string(),
  /** `""` where the runtime (or the reference implementation) does not tell the two apart. */
  stream: z.enum(["stdout", "stderr", ""]).default(""),
  /** True on the marker that follows the container's last line. */
  eos: z.boolean().default(false),
  timestamp: z.iso.datetime({ offset: true }),
  container_id: z.string().optional(),
  /** 1, 2, 3 … per container; on the end-of-stream marker the number of lines. */
  seq: z.int().nonnegative().optional(),
  /** The line held bytes that are no UTF-8; each was replaced by U+FFFD. */
  lossy: z.boolean().optional(),
  /** The line was longer than `LOG_MAX_LINE_BYTES` and cut there: its original length in bytes. */
  truncated: z.int().positive().optional(),
  /**
   * Lines before this one may be missing, nobody knows how many: the runtime dropped what was there before they were
   * read, as by log rotation. `seq` goes on as if there were none.
   */
  gap: z.boolean().optional(),
});
/** A log event as it stands in the `data` field of `stream:job-logs:{shard}`. */
export type LogEvent = z.infer<typeof LogEvent>;
