import { assert, assertEquals } from "@std/assert";
import { JobParams } from "lib/job/job_params.ts";
import { JOB_TYPES } from "lib/event/status.ts";
import { submit } from "../../workers/sse_service/jobs/submit.ts";
import { applyFact } from "../../workers/task_worker/apply_fact.ts";
import { type SseBench, startSseBench } from "./sse_bench.ts";

let bench: SseBench;

Deno.test.beforeAll(async () => {
  bench = await startSseBench();
});
Deno.test.afterAll(() => bench[Symbol.asyncDispose]());

/** Accepts a job of a name of its own. */
async function accepted(name: string): Promise<string> {
  const params = JobParams.parse({ image: "example/tool:1", entrypoint: ["tool"] });
  await submit(bench.sql, name, { params, now: Date.now() });
  bench.given.length = 0;
  return name;
}

/** Brings the job to its end. */
async function over(jobId: string, plugin: "finishedSuccessfully" | "finishedWithError"): Promise<void> {
  for (const step of JOB_TYPES) {
    const result = step === "plugin" ? plugin : "skipped";
    await applyFact(bench.sql, jobId, { kind: "stepEnded", outcome: { step, result } }, { at: Date.now() });
  }
  await applyFact(bench.sql, jobId, { kind: "cleanedUp" }, { at: Date.now() });
}

async function post(path: string, body?: unknown, headers: Record<string, string> = {}) {
  const response = await bench.app.request(`http://127.0.0.1/api/jobs/${path}`, {
    method: "POST",
    headers: { host: "127.0.0.1", "content-type": "application/json", ...headers },
    ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
  });
  return { status: response.status, body: await response.json() };
}

async function get(path: string) {
  const response = await bench.app.request(`http://127.0.0.1/api/jobs/${path}`, {
    headers: { host: "127.0.0.1" },
  });
  return { status: response.status, body: await response.json() };
}

Deno.test("cancel is accepted at once, and every repetition gets the same answer", async () => {
  const jobId = await accepted("cancel-me");
  const answer = { status: 202, body: { job_id: jobId, status: "cancelling", attempt: 1 } };
  assertEquals(await post(`${jobId}/cancel`, { reason: "wrong input" }), answer);
  assertEquals(await post(`${jobId}/cancel`), answer);
  assertEquals(await post(`${jobId}/cancel`, { reason: "another reason" }), answer);
  assertEquals(bench.given, [{ jobId, kind: "stopStep", step: "copy" }]);
  assertEquals((await get(`${jobId}/workflow`)).body.status, "running", "until it is over");
  await over(jobId, "finishedSuccessfully");
  assertEquals(await post(`${jobId}/cancel`), {
    status: 202,
    body: { job_id: jobId, status: "cancelled", attempt: 1 },
  });
  assertEquals((await get(`${jobId}/workflow`)).body.status, "cancelled");
});

Deno.test("the history shows who had a job cancelled and retried, when and why, and what came of each attempt", async () => {
  const jobId = await accepted("history");
  const before = Date.now();
  await post(`${jobId}/cancel`, { reason: "wrong input" });
  await over(jobId, "finishedSuccessfully");
  await post(`${jobId}/retry`, { reason: "right input now" });
  const { status, body } = await get(`${jobId}/attempts`);
  assertEquals([status, body.job_id], [200, jobId]);
  const [first, second] = body.attempts;
  assertEquals(first.steps.map((step: { step: string; status: string }) => `${step.step} ${step.status}`), [
    "copy skipped",
    "delete skipped",
  ]);
  const asked = first.asked.map((one: Record<string, unknown>) => [one.action, one.step, one.by, one.reason]);
  assertEquals(asked, [["cancel", "copy", null, "wrong input"], [
    "retry",
    "completed",
    null,
    "right input now",
  ]]);
  for (const { at } of first.asked) assert(Date.parse(at) >= before && Date.parse(at) <= Date.now(), at);
  assertEquals([second.attempt, second.asked], [2, []]);
  const events = await bench.sql`SELECT event FROM job_outbox WHERE job_id = ${jobId} ORDER BY id`;
  const told = events.map(({ event }) =>
    [event.current_step, event.current_step_status, event.workflow_status, event.error, event.attempt]
      .filter((part) => part !== null && part !== undefined).join(" ")
  );
  assertEquals(told, [
    "copy started running",
    "copy cancelling running cancelled: wrong input",
    "copy skipped running",
    "delete started running",
    "delete skipped running",
    "cleanup started running",
    "cleanup finishedSuccessfully running",
    "completed finishedSuccessfully cancelled",
    "copy retrying running retried: right input now 2",
    "copy started running 2",
  ]);
  assertEquals(new Set(events.map(({ event }) => event.event_id)).size, told.length, "each has its own id");
});

Deno.test("retry is accepted at once, and a double click begins one attempt", async () => {
  const jobId = await accepted("retry-me");
  await over(jobId, "finishedWithError");
  const answer = { status: 202, body: { job_id: jobId, status: "retrying", attempt: 2 } };
  assertEquals(await post(`${jobId}/retry`, {}), answer);
  assertEquals(await post(`${jobId}/retry`, {}), answer);
  assertEquals(bench.given, [{ jobId, kind: "runStep", step: "copy" }]);
  await over(jobId, "finishedWithError");
  assertEquals(
    await post(`${jobId}/retry`, { after_attempt: 1 }),
    answer,
    "that click was long ago",
  );
  assertEquals((await post(`${jobId}/retry`, { after_attempt: 2 })).body.attempt, 3);
});

Deno.test("what comes at the wrong time is refused with the state of the job", async () => {
  const running = await accepted("running");
  const cancelling = await accepted("cancelling");
  await post(`${cancelling}/cancel`);
  const succeeded = await accepted("succeeded");
  await over(succeeded, "finishedSuccessfully");
  const failed = await accepted("failed");
  await over(failed, "finishedWithError");
  const again = await accepted("again"); // its second attempt is being cancelled
  await over(again, "finishedWithError");
  for (const what of ["retry", "cancel"]) await post(`${again}/${what}`);
  for (
    const [path, code, status] of [
      [`${running}/retry`, "not_over", "running"],
      [`${cancelling}/retry`, "not_over", "cancelling"],
      [`${again}/retry`, "not_over", "cancelling"],
      [`${succeeded}/retry`, "already_over", "finishedSuccessfully"],
      [`${succeeded}/cancel`, "already_over", "finishedSuccessfully"],
      [`${failed}/cancel`, "already_over", "finishedWithError"],
    ] as const
  ) {
    const { status: http, body } = await post(path, {});
    assertEquals([http, body.error.code, body.status, body.job_id], [409, code, status, path.split("/")[0]]);
  }
  for (const what of ["cancel", "retry"]) {
    const { status, body } = await post(`nobody-knows-it/${what}`, {});
    assertEquals([status, body.error.code], [404, "not_found"]);
  }
  assertEquals((await get("nobody-knows-it/attempts")).status, 404);
});

Deno.test("G12 hostile bodies and ids are refused, or stored as what can be stored", async () => {
  const jobId = await accepted("hostile");
  for (
    const [body, status] of [
      ["{", 400],
      ["[]", 422],
      ["null", 422],
      ["1", 422],
      [{ reason: 1 }, 422],
      [{ reason: "x".repeat(1_001) }, 422],
      ['{"reason": "x", "after_attempt": 1e400}', 422],
      [{ after_attempt: 0 }, 422],
      [{ after_attempt: 2 ** 40 }, 422],
      [{ after_attempt: 1.5 }, 422],
      [{ after_attempt: "1" }, 422],
      // A slip of the pen must not lose what it was meant to say.
      [{ after_atempt: 1 }, 422],
    ] as const
  ) {
    const answer = await post(`${jobId}/retry`, body);
    assertEquals(answer.status, status, `${JSON.stringify(body)}: ${JSON.stringify(answer.body)}`);
    assertEquals(typeof answer.body.error.code, "string");
  }
  for (const id of ["a%00b", "%ff%fe", "deadbeef", "x".repeat(100), "..%2f..", "it-copy"]) {
    for (const what of ["cancel", "retry"]) {
      const { status } = await post(`${id}/${what}`, {});
      assert(status >= 400 && status < 500, `${id}: ${status}`);
    }
  }
  const text = await post(`${jobId}/cancel`, { reason: "x" }, { "content-type": "text/plain" });
  assertEquals(text.status, 415);
  assertEquals((await post(`${jobId}/cancel`, '{"reason":"cut \\ud800 here\\u0000"}')).status, 202);
  const [row] = await bench.sql`SELECT reason FROM job_control WHERE job_id = ${jobId}`;
  assertEquals(row?.reason, "cut \ufffd here\u2400");
});
