/**
 * What tests of the shard consumer stand on: a consumer of texts such as `job-1 7`.
 *
 * @module
 */
import { UndecodableEntryError } from "../event/codec.ts";
import { silentLogger } from "../run/log.ts";
import { sleep } from "../run/sleep.ts";
import { type Handler, ShardConsumer, type ShardConsumerOptions } from "../stream/shard_consumer.ts";
import type { FakeShard } from "./fake_shard.ts";
import type { VirtualTime } from "./virtual_time.ts";

/** Tries of one entry. */
export const MAX_DELIVERIES = 3;
/** Quick retries within each. */
export const RETRIES = 1;

/** Entries are written `job text`; `!` is none. */
function decode(data: string): string {
  if (data === "!") throw new UndecodableEntryError("Cannot decode entry: it is an exclamation mark");
  return data;
}

/** A consumer of `shard` on this clock. */
export function consumerOf(
  shard: FakeShard,
  time: VirtualTime,
  handler: Handler<string>,
  options: Partial<ShardConsumerOptions<string>> = {},
): ShardConsumer<string> {
  return new ShardConsumer(shard, {
    handler,
    decode,
    jobOf: (event) => event.split(" ")[0] ?? "",
    waitForMore: shard.waitForMore,
    dlq: { stream: "dlq", maxlen: 10 },
    batchSize: 10,
    maxDeliveries: MAX_DELIVERIES,
    handlerRetries: RETRIES,
    log: silentLogger,
    now: time.now,
    clock: time.now,
    ...options,
  });
}

/** Runs a consumer until `done` says so. */
export async function runUntil(done: () => boolean, newConsumer: () => ShardConsumer<string>): Promise<void> {
  const stop = new AbortController();
  const watch = (async () => {
    using _ = { [Symbol.dispose]: () => stop.abort() };
    for (let looks = 0; !done(); looks++) {
      if (looks > 20_000) throw new Error("Cannot go on: hours have passed and it is not done");
      await sleep(500);
    }
  })();
  while (!stop.signal.aborted) {
    await newConsumer().run(stop.signal);
  }
  await watch;
}
