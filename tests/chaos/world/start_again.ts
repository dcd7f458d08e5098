import { sleep } from "lib/run/sleep.ts";

/** With their pauses half a minute at least. */
const TRIES = 60;

/**
 * Starts a server that may be down, on its data; does nothing to one that runs. A server that was killed may
 * leave children behind for a moment, which keep its next life from starting.
 *
 * @throws {StartError} if it does not come up in several tries.
 */
export async function startAgain(server: { start(): Promise<void> }): Promise<void> {
  for (let tries = 1;; tries++) {
    try {
      return await server.start();
    } catch (error) {
      if (tries === TRIES) throw error;
      await sleep(500);
    }
  }
}
