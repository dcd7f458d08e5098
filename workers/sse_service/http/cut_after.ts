/** Longest that a timer waits (ms); a body that takes weeks is cut by it, too. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/**
 * The same bytes for `leftMs`; then an error, so that the client sees a transfer that broke off and takes what it has
 * for no whole.
 */
export function cutAfter(
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
  leftMs: number,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const reader = body.getReader();
  let timer: ReturnType<typeof setTimeout> | undefined;
  return new ReadableStream({
    start(controller) {
      timer = setTimeout(() => {
        controller.error(new Error("Cannot send the rest: its time is over"));
        reader.cancel().catch(() => {}); // nobody is left to tell
      }, Math.min(Math.max(0, leftMs), MAX_TIMER_MS));
    },
    async pull(controller) {
      try {
        const { value, done } = await reader.read();
        if (!done) return controller.enqueue(value);
        clearTimeout(timer);
        controller.close();
      } catch (error) {
        clearTimeout(timer);
        throw error;
      }
    },
    async cancel(reason) {
      clearTimeout(timer);
      await reader.cancel(reason);
    },
  }, { highWaterMark: 0 });
}
