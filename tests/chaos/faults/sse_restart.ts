import { sleep } from "lib/run/sleep.ts";
import { type Fault } from "./fault.ts";

/**
 * Attacks what an SSE service knows of its clients: nothing, after it was replaced; they go on at another one, or at
 * the new one (G10).
 */
export const sseRestart: Fault = {
  name: "sse-restart",
  about: "SIGTERM or SIGKILL to each SSE service, one after the other, as in a rollout",
  targets: ["workers"],
  lasts: [1_000, 6_000],
  async inject(world, { random, ms, say, signal }) {
    const signals: string[] = [];
    const slots = random.shuffle(world.pool.of("sse_service"));
    for (const [index, slot] of slots.entries()) {
      if (index > 0) await sleep(ms, signal);
      if (slot.busy) continue;
      const name = random.pick(["SIGTERM", "SIGTERM", "SIGKILL"] as const);
      slot.busy = true; // a second signal would end it at once
      void slot.ended.then(() => slot.busy = false);
      slot.kill(name);
      signals.push(`${name} to ${slot.name}`);
    }
    say(signals.join(", ") || "all are busy");
  },
};
