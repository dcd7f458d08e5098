import { assert, assertEquals } from "@std/assert";
import { silentLogger as log } from "lib/run/log.ts";
import { duplicateRedis, openRedis } from "./open_redis.ts";

Deno.test("G8 G14 a connection never gives up, nor does what waits for it, and it looks for Redis every two seconds at least", async () => {
  await using redis = openRedis("redis://127.0.0.1:1", { name: "test", log });
  await using copy = duplicateRedis(redis);
  for (const { options } of [redis, copy]) {
    assertEquals(options.maxRetriesPerRequest, null, "so many times a command is sent again");
    for (const times of [1, 2, 7, 21, 1_000, 1_000_000]) {
      const pause = options.retryStrategy?.(times);
      assert(typeof pause === "number" && pause > 0 && pause <= 2_000, `pause ${times} is ${pause}`);
    }
  }
});

Deno.test("a further connection leaves nothing behind on the first one when it is closed", async () => {
  await using redis = openRedis("redis://127.0.0.1:1", { name: "test", log });
  const before = redis.listenerCount("close");
  await duplicateRedis(redis)[Symbol.asyncDispose]();
  assertEquals(redis.listenerCount("close"), before);
});
