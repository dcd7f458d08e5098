/** Shape of a growing delay; all times in milliseconds. */
export interface BackoffOptions {
  /** Delay after the first failure. @default 200 */
  readonly baseMs?: number;
  /** No delay is longer. @default 10_000 */
  readonly capMs?: number;
  /** Source of chance in [0, 1). @default Math.random */
  readonly random?: () => number;
}

/**
 * Delay before try number `failures + 1`: doubling from `baseMs` up to `capMs`, of which a random half is
 * taken off at most, so that replicas do not come back in step. Pure apart from `random`.
 */
export function backoffMs(failures: number, options: BackoffOptions = {}): number {
  const { baseMs = 200, capMs = 10_000, random = Math.random } = options;
  const full = Math.min(capMs, baseMs * 2 ** Math.min(Math.max(failures - 1, 0), 30));
  return Math.round(full / 2 + (full / 2) * random());
}
