import { sleep } from "lib/run/sleep.ts";

/** How long a server in a container may take until it answers (ms). */
const TIMEOUT_MS = 60_000;

/**
 * Resolves when `probe` does.
 *
 * @throws {Error} if a minute passes; `resource` is disposed of then.
 */
export async function untilReady(name: string, probe: () => Promise<unknown>, resource: AsyncDisposable) {
  const deadline = performance.now() + TIMEOUT_MS;
  let last: unknown;
  while (performance.now() < deadline) {
    try {
      return await probe();
    } catch (error) {
      last = error;
    }
    await sleep(200);
  }
  await resource[Symbol.asyncDispose]();
  throw new Error(`Cannot start ${name}: its container does not answer after ${TIMEOUT_MS / 1000} s`, {
    cause: last,
  });
}
