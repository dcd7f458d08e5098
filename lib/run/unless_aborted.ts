/** The answer, or null when `signal` aborts before it comes; then whatever becomes of it is ignored. */
export async function unlessAborted<T>(answer: Promise<T>, signal: AbortSignal): Promise<T | null> {
  const aborted = Promise.withResolvers<null>();
  const abort = () => aborted.resolve(null);
  signal.addEventListener("abort", abort, { once: true });
  if (signal.aborted) abort();
  try {
    return await Promise.race([aborted.promise, answer]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}
