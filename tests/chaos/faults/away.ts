/**
 * Faults of the network: a dependency cannot be reached by some of the workers that use it.
 *
 * @module
 */
import type { Random } from "../random.ts";
import type { Dependency } from "../world/attackable_world.ts";
import type { Gate, GateMode } from "../world/gate.ts";
import { type Attack, type Fault, lasting } from "./fault.ts";

/** Attacks the lease of a worker that cannot renew it, and publishing whose answer is lost (G1, G4, G8). */
export const redisAway: Fault = {
  name: "redis-away",
  about: "some workers cannot reach Redis: refused, silent or slow",
  targets: ["redis network"],
  lasts: [1_000, 9_000],
  inject: (world, attack) => away(gatesTo(world.gates, "redis"), attack),
};

/** Attacks the task worker's transactions (G6, G7, G8). */
export const postgresAway: Fault = {
  name: "postgres-away",
  about: "some task workers cannot reach Postgres: refused, silent or slow",
  targets: ["postgres network"],
  lasts: [1_000, 9_000],
  inject: (world, attack) => away(gatesTo(world.gates, "postgres"), attack),
};

/** Attacks the proof that a log is stored, and what is read from history (G1, G5, G8). */
export const logStoreAway: Fault = {
  name: "log-store-away",
  about: "some log consumers and SSE services cannot reach the log store: refused, silent or slow",
  targets: ["log store network"],
  lasts: [1_000, 12_000],
  inject: (world, attack) => away(gatesTo(world.gates, "log store"), attack),
};

/** Attacks what the forwarders do when they can see nothing (G1, G3, G8). */
export const engineAway: Fault = {
  name: "engine-away",
  about: "some forwarders cannot reach the container engine: refused, silent or slow",
  targets: ["engine network"],
  lasts: [1_000, 12_000],
  inject: (world, attack) => away(world.engineGates.map(({ gate }) => gate), attack),
};

/** Attacks orders on their way (G7, G8). */
export const pfconAway: Fault = {
  name: "pfcon-away",
  about: "some task workers cannot reach pfcon: refused, silent or slow",
  targets: ["pfcon network"],
  lasts: [1_000, 12_000],
  inject: (world, attack) => away(gatesTo(world.gates, "pfcon"), attack),
};

function gatesTo(gates: readonly { dependency: Dependency; gate: Gate }[], dependency: Dependency): Gate[] {
  return gates.filter((gate) => gate.dependency === dependency).map(({ gate }) => gate);
}

async function away(gates: readonly Gate[], attack: Attack): Promise<void> {
  const { random, say } = attack;
  const chosen = random.chance(0.3) ? gates : random.some(gates);
  const mode = modeOf(random);
  // A network that comes back brings what was under way, or has forgotten the connection.
  const forgets = random.chance(0.5);
  say(
    `${typeof mode === "string" ? mode : `${mode.delayMs} ms`}: ${chosen.map(({ name }) => name).join(", ")}`,
  );
  if (mode === "pass") { for (const gate of chosen) gate.cut(); }
  await Promise.all(chosen.map((gate) => gate.set(mode)));
  await lasting(attack, () =>
    Promise.all(chosen.map((gate) => {
      if (forgets) gate.cut();
      return gate.set("pass");
    })));
}

/** `pass` cuts the connections there are, once. */
function modeOf(random: Random): GateMode {
  return random.pick<GateMode>(["refuse", "refuse", "mute", "mute", "pass", {
    delayMs: random.int(20, 400),
  }]);
}
