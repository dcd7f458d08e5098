/**
 * Logging: JSON lines on stdout, one logger per worker.
 *
 * @module
 */
import pino from "pino";

/** What the code logs with: fields first, then a sentence. */
export type Logger = Pick<pino.Logger, "debug" | "info" | "warn" | "error">;

/** A logger that writes JSON lines to stdout, each with the worker's name and an ISO time. */
export function createLogger(worker: string, level: string): Logger {
  return pino({
    level,
    base: { worker },
    timestamp: pino.stdTimeFunctions.isoTime,
    serializers: { error: pino.stdSerializers.err },
  }, pino.destination({ fd: 1, sync: true }));
}

/** A logger that says nothing, for tests. */
export const silentLogger: Logger = { debug() {}, info() {}, warn() {}, error() {} };
