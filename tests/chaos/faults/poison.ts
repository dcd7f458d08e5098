import type { Random } from "../random.ts";
import { addEntry, latin1 } from "./add_entry.ts";
import { type Fault, lasting } from "./fault.ts";
import { recentEntries } from "./recent_entries.ts";
import { withRedis } from "./with_redis.ts";

/** Attacks the line behind an entry that can never work (G9); `world.injected` has what must be dead letters. */
export const poison: Fault = {
  name: "poison",
  about: "entries that nobody can read, between good ones of the same and of other jobs",
  targets: ["redis"],
  lasts: [500, 2_000],
  async inject(world, attack) {
    const { random } = attack;
    await withRedis(world, async (redis) => {
      const count = random.int(1, 4);
      for (let done = 0; done < count; done++) {
        const base = random.pick(["stream:job-status", "stream:job-logs"]);
        const [stream, good] = random.pick(
          [
            [`${base}:${random.int(0, world.shards - 1)}`, []],
            ...await recentEntries(redis, world, base),
          ] as const,
        );
        const fields = poisonOf(good.length > 0 ? random.pick(good) : null, random);
        await addEntry(world, redis, { stream, kind: "poison", fields });
      }
      attack.say(`${count} entries`);
    });
    await lasting(attack, () => {});
  },
};

/** Fields of an entry that can never be handled; made of a good one if there is one. Pure but for chance. */
export function poisonOf(good: string | null, random: Random): Record<string, string> {
  const nonsense: Record<string, string>[] = [
    { data: "\x80\xff\x00\xfe" },
    { data: "" },
    { data: "null" },
    { data: "[1,2" },
    { data: '{"job_id":7}' },
    { other: "there is no data" },
  ];
  if (good === null) return random.pick(nonsense);
  const event: Record<string, unknown> = JSON.parse(good);
  const spoilt = [
    { ...event, event_id: undefined },
    { ...event, job_type: "dance" },
    { ...event, timestamp: "yesterday" },
    { ...event, job_id: null },
  ].map((broken) => ({ data: latin1(JSON.stringify(broken)) }));
  return random.pick([...nonsense, ...spoilt, ...spoilt, { data: latin1(good.slice(0, -3)) }]);
}
