/**
 * Faults of the engine's notifications: they are only hints, and these hints are bad.
 *
 * @module
 */
import type { Distortion } from "../world/distortion.ts";
import { type Attack, type Fault, lasting } from "./fault.ts";

/** Attacks whoever takes a notification's time for the time of the fact (G3). */
export const skewedEvents: Fault = faultOf(
  "skewed-events",
  "notifications carry the time of a wrong clock",
  ({ random }) => ({ skewMs: random.pick([-3_600_000, -5_000, 2_000, 3_600_000]) }),
);

/** Attacks whoever takes a notification for a new fact (G3). */
export const duplicateEvents: Fault = faultOf(
  "duplicate-events",
  "most notifications come again after a while",
  () => ({ duplicate: 0.8 }),
);

/** Attacks whoever takes the order of notifications for the order of facts (G3, G4). */
export const reorderedEvents: Fault = faultOf(
  "reordered-events",
  "notifications come late and overtake one another",
  ({ random }) => ({ lateMs: random.int(200, 2_500) }),
);

function faultOf(name: string, about: string, distortionOf: (attack: Attack) => Distortion): Fault {
  return {
    name,
    about,
    targets: ["notifications"],
    lasts: [5_000, 15_000],
    async inject(world, attack) {
      const distortion = distortionOf(attack);
      attack.say(JSON.stringify(distortion));
      for (const engine of world.engineGates) engine.distort(distortion);
      await lasting(attack, () => {
        for (const engine of world.engineGates) engine.distort(null);
      });
    },
  };
}
