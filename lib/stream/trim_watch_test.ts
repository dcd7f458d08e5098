import { assertEquals } from "@std/assert";
import { silentLogger } from "lib/run/log.ts";
import { OutageError } from "lib/run/outage_error.ts";
import { sleep } from "lib/run/sleep.ts";
import { VirtualTime } from "lib/testing/virtual_time.ts";
import { TrimWatch } from "./trim_watch.ts";

Deno.test("TrimWatch warns once each time a group comes near the cap, and lives through outages", async () => {
  using _time = new VirtualTime();
  const looks: (number | null)[] = [10, 85, 95, null, 70, 10, 90, 85];
  const said: unknown[] = [];
  const log = {
    ...silentLogger,
    warn: (fields: unknown) => said.push(fields),
    info: (_fields: unknown, message: string) => said.push(message),
  } as unknown as typeof silentLogger;
  const backlog = () => {
    const unread = looks.shift();
    if (unread === null) return Promise.reject(new OutageError("redis", "look"));
    return Promise.resolve({ length: 100, groups: [{ name: "slow", unread: unread ?? 0 }] });
  };
  const watch = new TrimWatch({ backlog, trimmed: () => Promise.resolve(3) }, {
    maxlen: 100,
    shard: 7,
    log,
    everyMs: 1_000,
  });
  const stop = new AbortController();
  const running = watch.run(stop.signal);
  await sleep(7_500);
  assertEquals(watch.state, { risk: { group: "slow", unread: 85 }, lost: 3 });
  stop.abort();
  await running;
  const warning = { shard: 7, maxlen: 100, group: "slow" };
  assertEquals(said, [{ ...warning, unread: 85 }, "the group has caught up", { ...warning, unread: 90 }]);
});
