/**
 * The one place that knows which failures of Postgres are outages (guarantee G8): the server is away, restarting,
 * full or asks to try again. Everything else is an answer and stays what it is.
 *
 * @module
 */
import { OutageError } from "../run/outage_error.ts";

/** Codes of a connection that could not be made or is gone, from the system and from postgres.js. */
const CONNECTION_CODES: ReadonlySet<string> = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "ECONNABORTED",
  "EPIPE",
  "ETIMEDOUT",
  "EHOSTDOWN",
  "EHOSTUNREACH",
  "ENETDOWN",
  "ENETUNREACH",
  "ENOTFOUND",
  "EAI_AGAIN",
  "CONNECTION_CLOSED",
  "CONNECTION_DESTROYED",
  "CONNECTION_ENDED",
  "CONNECT_TIMEOUT",
]);

/**
 * SQLSTATEs after which the same statement may succeed: connection (08), resources (53), shutdown and cancelling
 * (57), input and output (58), serialization and deadlock, a lock not to be had, a server that is a standby now.
 */
const BUSY_STATE = /^(08|53|58)...$|^57(014|P0[1235])$|^(40001|40P01|55P03|25006)$/;

/** `error` as an {@link OutageError} of "postgres" if it is an outage, else `error` itself. `attempt`: "store a line". */
export function asOutage(attempt: string, error: unknown): unknown {
  const code = codeOf(error);
  if (!CONNECTION_CODES.has(code) && !BUSY_STATE.test(code)) return error;
  return new OutageError("postgres", attempt, { cause: error });
}

/** The result of `fn`. @throws {OutageError} in place of whatever {@link asOutage} takes for an outage. */
export async function withOutage<T>(attempt: string, fn: () => PromiseLike<T>): Promise<T> {
  try {
    return await fn();
  } catch (error) {
    throw asOutage(attempt, error);
  }
}

/** Whether the connection that `error` came from is gone. */
export function isConnectionLoss(error: unknown): boolean {
  const severity = error instanceof Error && "severity" in error ? error.severity : undefined;
  return severity === "FATAL" || severity === "PANIC" || CONNECTION_CODES.has(codeOf(error));
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}
