import { StartError } from "./background_process.ts";
import { freePort } from "./free_port.ts";

/** How many ports are tried. */
const TRIES = 5;

/**
 * Starts what `make` makes for a free port; anew on another one if somebody else took the port meanwhile.
 *
 * @throws {StartError} if it does not start.
 */
export async function startOnFreePort<Server extends { start(): Promise<void> }>(
  make: (port: number) => Server | Promise<Server>,
): Promise<Server> {
  for (let tries = 1;; tries++) {
    const server = await make(freePort());
    try {
      await server.start();
      return server;
    } catch (error) {
      const taken = error instanceof StartError && /address already in use/i.test(error.logTail);
      if (!taken || tries === TRIES) throw error;
    }
  }
}
