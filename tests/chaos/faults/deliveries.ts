/**
 * Faults of what comes to the consumers: entries that are there twice, or in another order.
 *
 * @module
 */
import type { Random } from "../random.ts";
import { addEntry, latin1 } from "./add_entry.ts";
import { type Fault, lasting } from "./fault.ts";
import { jobIdOf, recentEntries } from "./recent_entries.ts";
import { withRedis } from "./with_redis.ts";

/** Attacks whoever counts entries in place of events (G1, G3, G6). */
export const duplicateDeliveries: Fault = {
  name: "duplicate-deliveries",
  about: "entries of the status and log streams are added once more, as they are",
  targets: ["redis"],
  lasts: [500, 2_000],
  async inject(world, attack) {
    await withRedis(world, async (redis) => {
      let count = 0;
      for (const base of ["stream:job-status", "stream:job-logs"]) {
        for (const [stream, entries] of await recentEntries(redis, world, base)) {
          for (const data of attack.random.shuffle(entries).slice(0, attack.random.int(0, 5))) {
            await addEntry(world, redis, { stream, kind: "duplicate", fields: { data: latin1(data) } });
            count++;
          }
        }
      }
      attack.say(`${count} entries`);
    });
    await lasting(attack, () => {});
  },
};

/** Attacks whoever takes the newest entry for the newest fact (G4, G7). */
export const reorderedDeliveries: Fault = {
  name: "reordered-deliveries",
  about: "older status entries of a job are added after its newer ones",
  targets: ["redis"],
  lasts: [500, 2_000],
  async inject(world, attack) {
    await withRedis(world, async (redis) => {
      let count = 0;
      for (const [stream, entries] of await recentEntries(redis, world, "stream:job-status")) {
        for (const data of latecomers(entries, attack)) {
          await addEntry(world, redis, { stream, kind: "late", fields: { data: latin1(data) } });
          count++;
        }
      }
      attack.say(`${count} entries`);
    });
    await lasting(attack, () => {});
  },
};

/** Entries of some jobs that newer entries of the same job follow, the newest first. */
function latecomers(entries: readonly string[], { random }: { random: Random }): string[] {
  const jobs = [...Map.groupBy(entries, jobIdOf).values()].filter((own) => own.length > 1);
  return random.shuffle(jobs).slice(0, 3).flatMap((own) =>
    random.some(own.slice(0, -1)).slice(0, 3).reverse()
  );
}
