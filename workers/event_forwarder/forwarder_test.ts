import { assertEquals } from "@std/assert";
import { silentLogger as log } from "lib/run/log.ts";
import type { LifeRecord } from "lib/stream/life_record.ts";
import { FakeRuntime } from "lib/testing/fake_runtime.ts";
import { EventForwarder } from "./forwarder.ts";
import type { ForwarderMetrics } from "./metrics.ts";

Deno.test("EventForwarder counts the states that it published, and not those that were published before", async () => {
  const runtime = new FakeRuntime();
  const container = runtime.create("job-1");
  const counted: string[] = [];
  const told = new Set<string>();
  const record = {
    era: 0,
    publish({ events }: { events: readonly { id: string }[] }) {
      const before = told.size;
      for (const { id } of events) told.add(id);
      return Promise.resolve(told.size - before);
    },
  };
  const metrics = {
    inspected() {},
    published: (events: readonly { status: string }[]) => counted.push(...events.map(({ status }) => status)),
  };
  const forwarder = new EventForwarder({
    runtime,
    record: record as unknown as LifeRecord,
    metrics: metrics as unknown as ForwarderMetrics,
    streamOf: () => "status",
    maxlen: 10,
    emitInitialState: true,
    relistMs: 0,
    log,
  });
  const { signal } = new AbortController();
  await forwarder.runOnce(container.id, signal);
  await container.start();
  for (let i = 0; i < 2; i++) await forwarder.runOnce(container.id, signal);
  await container.end(0);
  await forwarder.runOnce(container.id, signal);
  assertEquals(counted, ["notStarted", "started", "finishedSuccessfully"]);
});
