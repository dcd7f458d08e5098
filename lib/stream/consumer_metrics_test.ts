import { assertEquals } from "@std/assert";
import { silentLogger as log } from "../run/log.ts";
import { Metrics } from "../run/metrics.ts";
import { OutageError } from "../run/outage_error.ts";
import { VirtualTime } from "../testing/virtual_time.ts";
import { ConsumerMetrics } from "./consumer_metrics.ts";
import { Delivery, type Handler } from "./delivery.ts";

const SHARD = {
  acknowledge: () => Promise.resolve(),
  deadLetter: () => Promise.resolve(),
  crashesOf: () => Promise.resolve(0),
  noteCrashes: () => Promise.resolve(),
};

/** Entries with these ids, as a delivery takes them. */
function seen(...ids: string[]) {
  return ids.map((id) => {
    const raw = { id, data: null, fields: [], deliveries: 1, requeuedFrom: null };
    return { id, position: id, raw, firstSeen: 0, event: id };
  });
}

/** What is told after `act`, without what is zero. */
async function counted(
  handler: Handler<string>,
  act: (delivery: Delivery<string>) => Promise<unknown>,
): Promise<Record<string, number>> {
  using _time = new VirtualTime(0);
  const metrics = new Metrics();
  const dlq = { stream: "dlq", maxlen: 10 };
  await act(
    new Delivery(SHARD, {
      handler,
      dlq,
      maxDeliveries: 5,
      handlerRetries: 2,
      metrics: new ConsumerMetrics(metrics),
      log,
    }),
  );
  const text = await (await metrics.answer(null)).text();
  const lines = text.matchAll(/^(chris_consumer_\w+(?:_total|_count)(?:\{.*\})?) (\S+)$/gm);
  return Object.fromEntries(
    [...lines].map(([, name = "", value]) => [name, Number(value)] as const).filter(([, value]) => value > 0),
  );
}

Deno.test("a delivery counts the entries of a batch that was dealt with, and how long it took once", async () => {
  const signal = new AbortController().signal;
  const figures = await counted(
    () => Promise.resolve(),
    (delivery) => delivery.attempt(seen("1-0", "2-0"), signal),
  );
  assertEquals(figures, {
    chris_consumer_entries_handled_total: 2,
    chris_consumer_batch_duration_seconds_count: 1,
  });
});

Deno.test("a delivery counts an outage once, however often it looks whether it is over, and no retry for it", async () => {
  let outages = 3;
  const handler = () =>
    outages-- > 0 ? Promise.reject(new OutageError("postgres", "write")) : Promise.resolve();
  const signal = new AbortController().signal;
  assertEquals(await counted(handler, (delivery) => delivery.attempt(seen("1-0"), signal)), {
    chris_consumer_entries_handled_total: 1,
    chris_consumer_batch_duration_seconds_count: 1,
    chris_consumer_pauses_total: 1,
  });
});

Deno.test("a delivery counts each try that fails for the entries' own reason, and what it dead-letters by its reason", async () => {
  const signal = new AbortController().signal;
  const figures = await counted(() => Promise.reject(new Error("bad")), async (delivery) => {
    const [entry] = seen("1-0");
    if (!entry) return;
    await delivery.attempt([entry], signal);
    await delivery.deadLetter(entry, { reason: "handler failed", error: "bad", deliveries: 3 }, signal);
  });
  assertEquals(figures, {
    chris_consumer_retries_total: 3,
    'chris_consumer_dead_letters_total{reason="handler failed"}': 1,
  });
});
