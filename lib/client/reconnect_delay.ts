/** What a pause before reconnecting depends on; all times in milliseconds. */
export interface ReconnectFacts {
  /** What the service asked streams to wait (`retry:`). */
  readonly retryMs: number;
  /** Connections in a row, this one included, that told nothing: 1 after a stream that worked. */
  readonly failures: number;
  /** What the service's last refusal asked for (`Retry-After`); null if nothing. */
  readonly retryAfterMs: number | null;
}

/** No pause that we choose is longer. */
const CAP_MS = 30_000;
/** No pause that a service asks for is believed to be longer. */
const ASKED_CAP_MS = 300_000;

/**
 * Pause before the next connection (ms): doubling from `retryMs`, and up to half as much again by chance, so that
 * clients that were cut together do not come back together. Never shorter than what the service asked for.
 */
export function reconnectDelayMs(
  { retryMs, failures, retryAfterMs }: ReconnectFacts,
  random: () => number = Math.random,
): number {
  const base = Math.min(Math.max(retryMs, 50), ASKED_CAP_MS);
  const doubled = Math.min(base * 2 ** Math.min(Math.max(failures - 1, 0), 20), Math.max(CAP_MS, base));
  const asked = Math.min(retryAfterMs ?? 0, ASKED_CAP_MS);
  return Math.round(Math.max(doubled, asked) * (1 + random() / 2));
}

/** Reads a `Retry-After` header, seconds or a date, as milliseconds from `now`; null if there is none. */
export function retryAfterMs(header: string | null, now: number = Date.now()): number | null {
  if (header === null) return null;
  if (/^\d{1,9}$/.test(header.trim())) return Number(header) * 1_000;
  const date = Date.parse(header);
  return Number.isNaN(date) ? null : Math.max(0, date - now);
}
