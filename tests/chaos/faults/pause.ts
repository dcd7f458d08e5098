import { LEASE_MS } from "../world/settings.ts";
import { type Fault, lasting } from "./fault.ts";

/** Attacks the fence: a worker wakes up that does not know that others have taken over (G4). */
export const pause: Fault = {
  name: "pause",
  about: "SIGSTOP to one or two workers for longer than a lease, then SIGCONT",
  targets: [],
  lasts: [LEASE_MS + 500, LEASE_MS + 6_000],
  async inject(world, attack) {
    const slots = attack.random.shuffle(world.pool.free()).slice(0, attack.random.int(1, 2));
    for (const slot of slots) {
      slot.busy = true;
      slot.kill("SIGSTOP");
    }
    attack.say(slots.map(({ name }) => name).join(", "));
    await lasting(attack, () => {
      for (const slot of slots) {
        slot.resume();
        slot.busy = false;
      }
    });
  },
};
