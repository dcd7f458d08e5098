/**
 * How far a container's output has been published: what the log forwarder keeps in Redis for each container.
 *
 * @module
 */
import { z } from "@zod/zod";

/**
 * The last published line of one stream. The same time may have come before with other lines, hence the count;
 * and later times too, if the clock was set back, hence the latest.
 */
const Position = z.object({
  time: z.string(),
  /** Lines of that time up to this one. */
  count: z.int().positive(),
  /** The latest time of any published line. */
  latest: z.string(),
});
/** The last published line of one stream. */
export type Position = z.infer<typeof Position>;

/** How far a container's output has been published. */
export const LogCursor = z.object({
  /** Reading from this time on finds everything that is still to be published; null: from the beginning. */
  since: z.string().nullable(),
  /** By stream; a stream without a published line is missing. */
  at: z.record(z.string(), Position),
  /** Number of lines published. */
  seq: z.int().nonnegative(),
  /** The end (`endedAt`) for which the end-of-stream marker was published; `gone` if the container vanished. */
  eos: z.string().nullable(),
});
/** How far a container's output has been published. */
export type LogCursor = z.infer<typeof LogCursor>;

/** The cursor of a container of which nothing was published. */
export const NOTHING_PUBLISHED: LogCursor = { since: null, at: {}, seq: 0, eos: null };

/** Value of `eos` for a container that vanished. */
export const GONE = "gone";

/** The cursor as text. Equal cursors are equal texts. */
export function encodeCursor(cursor: LogCursor): string {
  const streams = Object.entries(cursor.at).sort(([a], [b]) => a < b ? -1 : 1);
  const at = Object.fromEntries(
    streams.map(([stream, { time, count, latest }]) => [stream, { time, count, latest }]),
  );
  return JSON.stringify({ since: cursor.since, at, seq: cursor.seq, eos: cursor.eos });
}

/** The cursor of a text; that of an unpublished container if there is none or it cannot be understood. */
export function decodeCursor(text: string | null): LogCursor {
  if (text === null) return NOTHING_PUBLISHED;
  try {
    return LogCursor.parse(JSON.parse(text));
  } catch {
    // Published twice (with the same event ids) is better than never.
    return NOTHING_PUBLISHED;
  }
}
