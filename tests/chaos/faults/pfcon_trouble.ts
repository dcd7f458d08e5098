/**
 * Faults of pfcon: it is there, but answers badly.
 *
 * @module
 */
import type { TroublePlan } from "../world/pfcon_proxy.ts";
import { type Attack, type Fault, lasting } from "./fault.ts";

/** Attacks the choice between "wait" and "the step has failed" (G7, G8). */
export const pfcon500: Fault = faultOf(
  "pfcon-500",
  "pfcon answers 500, sometimes after it did as it was asked",
  () => ({
    troubles: [{ kind: "refuse", status: 500 }, { kind: "refuse", status: 500 }, { kind: "fail-after" }],
  }),
);

/** Attacks patience: a conflict is no failure (G7). */
export const pfcon409: Fault = faultOf(
  "pfcon-409",
  "pfcon answers orders and removals with 409",
  () => ({ troubles: [{ kind: "refuse", status: 409 }], methods: ["POST", "DELETE"] }),
);

/** Attacks calls that hang (G7, G8). */
export const pfconTimeout: Fault = faultOf(
  "pfcon-timeout",
  "pfcon takes calls, but never answers nor acts",
  () => ({ troubles: [{ kind: "silent" }] }),
);

/** Attacks limits of time: the order worked, but its answer may come too late (G7). */
export const pfconSlow: Fault = faultOf(
  "pfcon-slow",
  "pfcon acts at once, but answers slowly",
  ({ random }) => ({ troubles: [{ kind: "slow", ms: random.int(300, 2_500) }, { kind: "slow", ms: 4_000 }] }),
);

/** Attacks at-most-once ordering: what was asked happened, and nobody was told (G7). */
export const pfconLostAnswer: Fault = faultOf(
  "pfcon-lost-answer",
  "pfcon does as it is asked, but its answer is lost",
  () => ({ troubles: [{ kind: "lose" }, { kind: "lose-silently" }] }),
);

function faultOf(
  name: string,
  about: string,
  planOf: (attack: Attack) => Omit<TroublePlan, "share">,
): Fault {
  return {
    name,
    about,
    targets: ["pfcon"],
    lasts: [2_000, 12_000],
    async inject(world, attack) {
      const share = attack.random.chance(0.5) ? 1 : 0.5;
      attack.say(share === 1 ? "every call" : "every other call");
      world.pfcon.trouble({ ...planOf(attack), share });
      await lasting(attack, () => world.pfcon.trouble(null));
    },
  };
}
