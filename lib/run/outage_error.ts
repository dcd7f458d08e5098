/**
 * A dependency is away or busy. An outage is a pause (guarantee G8): whoever catches this waits and tries the
 * same again, and counts no attempt against the entry or task in hand.
 */
export class OutageError extends Error {
  override readonly name = "OutageError";

  /** `dependency` is the name people know it by: "postgres", "quickwit", "redis", "docker", "pfcon". */
  constructor(readonly dependency: string, attempt: string, options?: { cause: unknown }) {
    const cause = causeText(options?.cause);
    super(`Cannot ${attempt}: ${dependency} is unavailable${cause ? ` (${cause})` : ""}`, options);
  }
}

/** Drivers throw aggregates without a message when a host has several addresses: their first error speaks. */
function causeText(cause: unknown): string {
  if (!(cause instanceof Error)) return cause === undefined || cause === null ? "" : String(cause);
  if (cause.message === "" && cause instanceof AggregateError) return causeText(cause.errors[0]);
  return cause.message || cause.name;
}
