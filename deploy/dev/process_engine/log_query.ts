import { EngineError } from "./engine_error.ts";
import { queryTime } from "./nano_time.ts";

/** Which part of a log is wanted, and in what form. Times in nanoseconds, both inclusive. */
export interface LogQuery {
  readonly stdout: boolean;
  readonly stderr: boolean;
  readonly follow: boolean;
  readonly timestamps: boolean;
  readonly since?: bigint;
  readonly until?: bigint;
  /** Only so many of the last entries; all without. Counted before any other choice is made. */
  readonly tail?: number;
}

/**
 * Reads the query of `GET /containers/{id}/logs`.
 *
 * @throws {EngineError} 400 if no stream is chosen or a time is malformed.
 */
export function parseLogQuery(query: Readonly<Record<string, string | undefined>>): LogQuery {
  const stdout = isTrue(query.stdout);
  const stderr = isTrue(query.stderr);
  if (!stdout && !stderr) throw new EngineError(400, "Bad parameters: you must choose at least one stream");
  const since = queryTime(query.since);
  const until = queryTime(query.until);
  const tail = /^\d+$/.test(query.tail ?? "") ? Number(query.tail) : undefined;
  return {
    stdout,
    stderr,
    follow: isTrue(query.follow),
    timestamps: isTrue(query.timestamps),
    ...(since ? { since } : {}),
    ...(until ? { until } : {}),
    ...(tail === undefined ? {} : { tail }),
  };
}

/** How the Engine reads a flag in a query: everything but absence and a few words of denial is true. */
export function isTrue(text: string | undefined): boolean {
  return !["", "0", "no", "false", "none"].includes((text ?? "").trim().toLowerCase());
}
