import type { Fault } from "./fault.ts";

/** Attacks what a worker has begun and not finished (G1, G3, G4, G6, G7): it ends between any two statements. */
export const kill: Fault = {
  name: "kill",
  about: "SIGKILL to one, two or three workers",
  targets: [],
  lasts: [100, 4_000],
  inject(world, { random, ms, say }) {
    const slots = random.shuffle(world.pool.free()).slice(0, random.int(1, 3));
    for (const slot of slots) {
      slot.downUntil = random.chance(0.5) ? performance.now() + ms : 0;
      slot.kill("SIGKILL");
    }
    say(slots.map(({ name }) => name).join(", "));
    return Promise.resolve();
  },
};
