import { assertEquals, assertRejects } from "@std/assert";
import { decodeLogEvent } from "lib/event/codec.ts";
import { silentLogger as log } from "lib/run/log.ts";
import { OutageError } from "lib/run/outage_error.ts";
import { sleep } from "lib/run/sleep.ts";
import { type LogBatch, StreamFullError } from "lib/stream/log_record.ts";
import { NOTHING_PUBLISHED } from "./cursor.ts";
import { CursorMovedError, LinePublisher } from "./line_publisher.ts";
import type { LogSubject } from "./log_events.ts";
import type { NewLine } from "./log_progress.ts";

const SUBJECT: LogSubject = {
  container_id: "c1",
  container_name: "job-1",
  job_id: "job-1",
  job_type: "plugin",
  created_at: "2026-01-15T12:00:00Z",
};
const signal = new AbortController().signal;

const line = (seq: number): NewLine => ({
  stream: "stdout",
  time: "2026-01-15T12:00:01.000000000Z",
  text: String(seq),
  lossy: false,
  truncated: null,
  seq,
  repeat: 1,
});

/** A Redis that does what the script does; `fail` may refuse a call, before or after it took effect. */
function setup(fail: (call: number) => "before" | "after" | null) {
  const published: string[] = [];
  let cursor: string | null = null;
  let calls = 0;
  const record = {
    publish: (batch: LogBatch) => {
      const trouble = fail(++calls);
      if (trouble === "before") return Promise.reject(new OutageError("redis", "publish"));
      const isDone = cursor === batch.next;
      if (!isDone && cursor !== batch.expected) return Promise.resolve({ current: cursor });
      if (!isDone) published.push(...batch.entries.map((entry) => decodeLogEvent(entry).line));
      cursor = batch.next;
      return trouble === "after"
        ? Promise.reject(new OutageError("redis", "publish"))
        : Promise.resolve(null);
    },
  };
  const move = () => cursor = "another's";
  const publisher = new LinePublisher(SUBJECT, null, { record, streamOf: () => "s", maxlen: 1_000, log });
  const send = async (...seqs: number[]) => {
    for (const seq of seqs) await publisher.lines([line(seq)], { ...NOTHING_PUBLISHED, seq }, signal);
  };
  return { publisher, send, published, move };
}

Deno.test("G1 G4 LinePublisher keeps the order when a batch is refused while the next is on its way", async () => {
  const { publisher, send, published } = setup((call) => call === 1 ? "before" : null);
  await send(1, 2, 3);
  await publisher.settled();
  assertEquals(published, ["1", "2", "3"]);
});

Deno.test("G1 LinePublisher publishes once what Redis took before its answer got lost", async () => {
  const { publisher, send, published } = setup((call) => call === 3 ? "after" : null);
  await send(1, 2, 3);
  await publisher.settled();
  assertEquals(published, ["1", "2", "3"]);
});

Deno.test("G1 LinePublisher ends when another forwarder has moved the cursor, and says so at once", async () => {
  const { publisher, send, published, move } = setup(() => null);
  await send(1);
  await publisher.settled();
  move();
  await send(2);
  await assertRejects(() => send(3, 4, 5), CursorMovedError);
  await assertRejects(() => publisher.settled(), CursorMovedError);
  assertEquals([published, publisher.failed.aborted], [["1"], true]);
});

Deno.test("G15 LinePublisher told to stop while the stream has no room sends nothing any more", async () => {
  let calls = 0;
  const record = {
    publish: () => {
      const error = ++calls > 1_000 ? new Error("asked without end") : new StreamFullError("s", "consumers");
      return Promise.reject(error);
    },
  };
  const publisher = new LinePublisher(SUBJECT, null, { record, streamOf: () => "s", maxlen: 1, log });
  const stop = new AbortController();
  await publisher.lines([line(1)], { ...NOTHING_PUBLISHED, seq: 1 }, stop.signal);
  while (calls < 3) await sleep(5);
  stop.abort(new Error("stopped"));
  await assertRejects(() => publisher.settled(), Error, "stopped");
  const before = calls;
  await sleep(50);
  assertEquals(calls, before);
});
