import { assertEquals, assertRejects } from "@std/assert";
import { silentLogger } from "lib/run/log.ts";
import { LifeRecord, PublicationsLostError } from "lib/stream/life_record.ts";
import { openRedis } from "lib/stream/open_redis.ts";
import { tempRedis } from "lib/testing/servers.ts";

Deno.test("G14 LifeRecord tells no end of a vanished container over a loss, which that would hide", async () => {
  await using server = await tempRedis();
  await using redis = openRedis(server.url, { name: "test", log: silentLogger });
  const record = new LifeRecord(redis, "default");
  const batch = (containerId: string, id: string) => {
    return { containerId, stream: "status", maxlen: 1_000, events: [{ id, data: id }], live: "started" };
  };
  await record.publish(batch("gone", "a"));
  const kept = await Promise.all(
    (await redis.keys("*")).map(async (key) => ({ key, dump: await redis.dumpBuffer(key) })),
  );
  await record.publish(batch("alive", "b"));
  await redis.flushall();
  for (const { key, dump } of kept) await redis.restore(key, 0, dump);

  await assertRejects(() => record.publishVanished(batch("gone", "c")), PublicationsLostError);
  assertEquals([await redis.xlen("status"), await record.hasLost()], [1, true]);
  record.beginAnew();
  assertEquals(await record.publishVanished(batch("gone", "c")), 1);
  assertEquals(await record.publish(batch("alive", "b")), 1);
});
