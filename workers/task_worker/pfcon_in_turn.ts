import type { PfconClient } from "lib/pfcon/client.ts";
import type { Turn } from "lib/store/job_turn.ts";

/** What task workers ask of pfcon. */
export type PfconCalls = Pick<PfconClient, "schedule" | "get" | "remove">;

/**
 * The same pfcon, but what starts or removes a container is asked for only if the turn is still held: a worker that
 * was cut off from Postgres may find that others have gone on, and that the container it saw is theirs by now.
 */
export function inTurn(pfcon: PfconCalls, turn: Turn): PfconCalls {
  return {
    get: (...args) => pfcon.get(...args),
    schedule: async (...args) => {
      await turn.confirm();
      return await pfcon.schedule(...args);
    },
    remove: async (...args) => {
      await turn.confirm();
      await pfcon.remove(...args);
    },
  };
}
