/**
 * Faults of the Postgres server itself.
 *
 * @module
 */
import { startAgain } from "../world/start_again.ts";
import { type Fault, lasting } from "./fault.ts";

/** Attacks transactions in hand, and pools that hold dead connections (G6, G7, G8). */
export const postgresRestart: Fault = {
  name: "postgres-restart",
  about: "Postgres is stopped in good order, and started after a while",
  targets: ["postgres"],
  lasts: [200, 9_000],
  async inject(world, attack) {
    attack.say(`for ${attack.ms} ms`);
    await world.postgres.stop();
    await lasting(attack, () => startAgain(world.postgres));
  },
};

/** Attacks the moment of commit: nobody knows whether it happened (G6, G7). What was committed is kept. */
export const postgresKill: Fault = {
  name: "postgres-kill",
  about: "Postgres gets SIGKILL, and is started after a while",
  targets: ["postgres"],
  lasts: [200, 5_000],
  async inject(world, attack) {
    attack.say(`for ${attack.ms} ms`);
    Deno.kill(world.postgres.pid, "SIGKILL");
    await world.postgres.ended;
    await lasting(attack, () => startAgain(world.postgres));
  },
};
