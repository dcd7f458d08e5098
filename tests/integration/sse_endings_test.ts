import { assert, assertEquals } from "@std/assert";
import type { EventSourceMessage } from "eventsource-parser";
import { JOB_TYPES } from "lib/event/status.ts";
import { JobParams } from "lib/job/job_params.ts";
import { PostgresLogStore } from "lib/log_store/postgres.ts";
import { until } from "lib/testing/until.ts";
import { submit } from "../../workers/sse_service/jobs/submit.ts";
import { applyFact } from "../../workers/task_worker/apply_fact.ts";
import { logLine, readEvents, type SseBench, startSseBench } from "./sse_bench.ts";

let bench: SseBench;

Deno.test.beforeAll(async () => {
  bench = await startSseBench();
});
Deno.test.afterAll(() => bench[Symbol.asyncDispose]());

async function accepted(jobId: string): Promise<string> {
  const params = JobParams.parse({ image: "example/tool:1", entrypoint: ["tool"] });
  await submit(bench.sql, jobId, { params, now: Date.now() });
  return jobId;
}

/** Brings the job to its end. */
async function over(jobId: string, plugin: "finishedSuccessfully" | "finishedWithError"): Promise<void> {
  for (const step of JOB_TYPES) {
    const result = step === "plugin" ? plugin : "skipped";
    await applyFact(bench.sql, jobId, { kind: "stepEnded", outcome: { step, result } }, { at: Date.now() });
  }
  await applyFact(bench.sql, jobId, { kind: "cleanedUp" }, { at: Date.now() });
}

async function ask(jobId: string, action: "cancel" | "retry"): Promise<void> {
  const response = await fetch(`${bench.url}/api/jobs/${jobId}/${action}`, { method: "POST" });
  await response.body?.cancel();
  assertEquals(response.status, 202);
}

const eventsOf = (jobId: string) => `${bench.url}/events/${jobId}/all`;
const told = (events: readonly EventSourceMessage[], name: string) =>
  events.filter(({ event }) => event === name).map(({ data }) => JSON.parse(data));
const linesOf = (events: readonly EventSourceMessage[]) => told(events, "logs").map(({ line }) => line);

Deno.test("A workflow that failed ends its streams like any other, with its lines, and the reason is told before", async () => {
  const jobId = await accepted("job-failed");
  const connected = readEvents(eventsOf(jobId));
  await bench.writeLines(jobId, 20);
  await over(jobId, "finishedWithError");
  for (const events of [await connected, await readEvents(eventsOf(jobId))]) {
    assertEquals(linesOf(events).length, 20);
    assertEquals(told(events, "workflow").at(-1).workflow_status, "finishedWithError");
    assertEquals(events.at(-1)?.event, "end");
  }
});

Deno.test("A workflow that was cancelled ends its streams once it has cleaned up, and says that it was cancelled", async () => {
  const jobId = await accepted("job-cancelled");
  const connected = readEvents(eventsOf(jobId));
  await ask(jobId, "cancel");
  await bench.writeLines(jobId, 5); // what the container says while it is being stopped
  await over(jobId, "finishedWithError");
  for (const events of [await connected, await readEvents(eventsOf(jobId))]) {
    const steps = told(events, "workflow");
    assert(steps.some(({ current_step_status }) => current_step_status === "cancelling"));
    assertEquals(steps.at(-1).workflow_status, "cancelled");
    assertEquals([linesOf(events).length, events.at(-1)?.event], [5, "end"]);
  }
});

Deno.test("G10 who was told the end and comes back at the moment of a retry gets the rest, and another end", async () => {
  const jobId = await accepted("job-retried");
  await bench.writeLines(jobId, 10);
  await over(jobId, "finishedWithError");
  let seen = await readEvents(eventsOf(jobId));
  for (let attempt = 2; attempt <= 5; attempt++) {
    const lastEventId = seen.at(-1)?.id ?? "";
    assertEquals(seen.at(-1)?.event, "end");
    assertEquals((await fetch(eventsOf(jobId), { headers: { "last-event-id": lastEventId } })).status, 204);
    await ask(jobId, "retry"); // what it told is not in the stream yet
    const back = readEvents(eventsOf(jobId), { lastEventId });
    await bench.writeLines(jobId, 10);
    await over(jobId, "finishedWithError");
    seen = await back;
    assertEquals(linesOf(seen), Array.from({ length: 10 }, (_, n) => String((attempt - 1) * 10 + n + 1)));
    const steps = told(seen, "workflow").map((event) => event.current_step_status);
    assertEquals(steps[0], "retrying", `attempt ${attempt}: ${steps}`);
    assertEquals(told(seen, "workflow").filter((event) => event.current_step === "completed").length, 1);
  }
});

Deno.test("G10 G14 no client is told the end before every line, though Redis loses the last ones and the end itself", async () => {
  const jobId = await accepted("job-lossy-end");
  await bench.writeLines(jobId, 10);
  const seen: EventSourceMessage[] = [];
  const connected = readEvents(eventsOf(jobId), { enough: (event) => (seen.push(event), false) });
  await until("seen", () => linesOf(seen).length === 10);
  // Stored, and gone from the stream before anybody was handed it.
  await using store = new PostgresLogStore(bench.dsn);
  await until("stored", async () => (await Array.fromAsync(store.read(jobId, {}))).flat().length === 10);
  const now = Date.now();
  const lost = (from: number, to: number) =>
    Array.from({ length: to - from + 1 }, (_, n) => ({
      entryId: `${now}-${from + n}`,
      event: logLine(jobId, from + n),
    }));
  await store.write(lost(11, 20));
  await over(jobId, "finishedSuccessfully");
  await bench.redis.flushall();
  for (const events of [await connected, await readEvents(eventsOf(jobId))]) {
    assertEquals(linesOf(events).map(Number), Array.from({ length: 20 }, (_, n) => n + 1));
    assertEquals([events.at(-1)?.event, told(events, "gap")], ["end", []]);
    assertEquals(told(events, "workflow").filter((event) => event.current_step === "completed").length, 1);
  }
});
