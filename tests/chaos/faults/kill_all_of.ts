import { WORKER_NAMES } from "lib/run/permissions.ts";
import { type Fault, lasting } from "./fault.ts";

/**
 * Attacks what rests on somebody being there: containers live and die wholly without a forwarder, proofs wait
 * for a log consumer (G1, G3, G5, G8).
 */
export const killAllOf: Fault = {
  name: "kill-all-of",
  about: "SIGKILL to all replicas of one worker, which stay down for a while",
  targets: ["workers"],
  lasts: [5_000, 12_000],
  async inject(world, attack) {
    const slots = world.pool.of(attack.random.pick(WORKER_NAMES)).filter(({ busy }) => !busy);
    for (const slot of slots) {
      slot.busy = true;
      slot.downUntil = performance.now() + attack.ms;
      slot.kill("SIGKILL");
    }
    attack.say(slots.map(({ name }) => name).join(", "));
    await lasting(attack, () => {
      for (const slot of slots) slot.busy = false;
    });
  },
};
