import { assertEquals, assertRejects } from "@std/assert";
import { LogEvent } from "lib/event/log.ts";
import { OutageError } from "lib/run/outage_error.ts";
import { storeLogs } from "./store_logs.ts";

function entry(n: number, fields: Partial<LogEvent> = {}) {
  const event = LogEvent.parse({
    event_id: `event${n}`,
    job_id: "job-1",
    job_type: "plugin",
    container_name: "job-1",
    line: `line ${n}`,
    timestamp: "2026-01-15T10:00:00+00:00",
    ...fields,
  });
  return { id: `${n}-0`, position: `${n}-0`, event };
}

Deno.test("storeLogs() writes the lines in order, each with its entry id, in one go", async () => {
  const writes: unknown[] = [];
  const handler = storeLogs({ write: (entries) => Promise.resolve(void writes.push(entries)) });
  const entries = [entry(1), entry(2)];
  assertEquals(await handler(entries), { flags: [] });
  assertEquals(writes, [entries.map(({ id, event }) => ({ entryId: id, event }))]);
});

Deno.test("G4 storeLogs() keeps a line that was put back from the dead letters at the place it had at first", async () => {
  const writes: unknown[] = [];
  const handler = storeLogs({ write: (entries) => Promise.resolve(void writes.push(entries)) });
  const requeued = { ...entry(9), position: "2-0" };
  await handler([entry(8), requeued]);
  assertEquals(writes, [[
    { entryId: "8-0", event: entry(8).event },
    { entryId: "2-0", event: requeued.event },
  ]]);
});

Deno.test("G5 storeLogs() gives the proof of an end of stream only after the write", async () => {
  const written = Promise.withResolvers<void>();
  const handler = storeLogs({ write: () => written.promise });
  let proofs: unknown = null;
  const handled = handler([entry(1), entry(2, { eos: true, line: "", container_id: "c1" })]).then(
    (result) => {
      proofs = result;
    },
  );
  await new Promise((resolve) => setTimeout(resolve));
  assertEquals(proofs, null);
  written.resolve();
  await handled;
  const { flags } = proofs as unknown as { flags: { key: string; ttlSeconds: number }[] };
  assertEquals(flags[0], { key: "job:job-1:plugin:logs_flushed", ttlSeconds: 3_600 });
  assertEquals(flags.length, 2);
  assertEquals([flags[1]?.key.includes("c1"), flags[1]?.ttlSeconds], [true, 7 * 24 * 3_600], "a week");
});

Deno.test("storeLogs() proves an end of stream of the reference, which names no container, by the job alone", async () => {
  const handler = storeLogs({ write: () => Promise.resolve() });
  assertEquals(await handler([entry(1, { eos: true, line: "", job_type: "copy" })]), {
    flags: [{ key: "job:job-1:copy:logs_flushed", ttlSeconds: 3_600 }],
  });
});

Deno.test("G5 storeLogs() takes no empty line, and no last line, for the end", async () => {
  const handler = storeLogs({ write: () => Promise.resolve() });
  const lines = [entry(1, { line: "", container_id: "c1" }), entry(2, { gap: true, container_id: "c1" })];
  assertEquals(await handler(lines), { flags: [] });
});

Deno.test("G5 storeLogs() gives no proof when the store is away", async () => {
  const handler = storeLogs({ write: () => Promise.reject(new OutageError("log store", "write")) });
  await assertRejects(() => handler([entry(1, { eos: true })]), OutageError);
});
