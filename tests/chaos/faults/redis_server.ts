/**
 * Faults of the Redis server itself.
 *
 * @module
 */
import { startAgain } from "../world/start_again.ts";
import { type Fault, lasting } from "./fault.ts";
import { withRedis } from "./with_redis.ts";

/** Attacks the pause that an outage must be (G8). Nothing is lost. */
export const redisStop: Fault = {
  name: "redis-stop",
  about: "Redis is stopped in good order, and started after a while",
  targets: ["redis"],
  lasts: [500, 9_000],
  async inject(world, attack) {
    attack.say(`for ${attack.ms} ms`);
    await world.redis.stop();
    await lasting(attack, () => startAgain(world.redis));
  },
};

/** Attacks what was acknowledged before it was on disk (G14). */
export const redisKill: Fault = {
  name: "redis-kill",
  about: "Redis gets SIGKILL, and is started after a while; its newest entries may be lost",
  targets: ["redis"],
  lasts: [200, 6_000],
  async inject(world, attack) {
    attack.say(`for ${attack.ms} ms`);
    world.redisLost();
    Deno.kill(world.redis.pid, "SIGKILL");
    await world.redis.ended;
    await lasting(attack, () => startAgain(world.redis));
  },
};

/** Attacks everything that is kept in Redis alone (G6, G14). */
export const redisFlush: Fault = {
  name: "redis-flush",
  about: "FLUSHALL: Redis loses everything it has",
  targets: ["redis"],
  lasts: [1_000, 4_000],
  async inject(world, attack) {
    attack.say(`for ${attack.ms} ms`);
    await withRedis(world, async (redis) => {
      world.redisLost();
      await redis.flushall();
    });
    await lasting(attack, () => {});
  },
};

/** Attacks timeouts and leases: Redis is there, but answers to nobody (G4, G8). */
export const redisSleep: Fault = {
  name: "redis-sleep",
  about: "Redis answers nobody for a while (DEBUG SLEEP)",
  targets: ["redis"],
  lasts: [2_000, 8_000],
  async inject(world, attack) {
    attack.say(`for ${attack.ms} ms`);
    await withRedis(world, (redis) => redis.call("DEBUG", "SLEEP", String(attack.ms / 1_000)));
  },
};
