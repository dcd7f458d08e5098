import { assert, assertEquals } from "@std/assert";
import { sleep } from "lib/run/sleep.ts";
import { cancel } from "../../workers/sse_service/control/cancel.ts";
import { retry } from "../../workers/sse_service/control/retry.ts";
import { randomFrom } from "./task_worker/bad_day.ts";
import { benchOfFile, NOW, workflowOf } from "./task_worker/bench.ts";
import { openSystem } from "./task_worker/system.ts";

const bench = benchOfFile();
const JOBS = Array.from({ length: 8 }, (_, number) => `job-${number}x`);
const asked = { by: "alice", reason: null, now: NOW };

Deno.test("G7 jobs that are cancelled and retried by many hands at any moment come to their ends, each step ordered once per attempt", async () => {
  const seed = Number(Deno.env.get("TEST_SEED") ?? crypto.getRandomValues(new Uint32Array(1))[0]);
  console.log(`TEST_SEED=${seed}`);
  const random = randomFrom(seed);
  await using system = openSystem(bench, {
    // What ends in a way nobody saw looks as if it ran, until it is stopped.
    endOf: (_, step) => step === "plugin" && random() < 0.5 ? "undefined" : "finishedSuccessfully",
  });
  system.start();
  system.start();
  const cancelled = new Map<string, string>();
  const clickOften = async (jobId: string) => {
    await sleep(random() * 2_500);
    const answers = await Promise.all([1, 2, 3].map(() => cancel(bench.sql, jobId, asked)));
    const kinds = new Set(answers.map(({ kind }) => kind));
    assertEquals(kinds.size, 1, "all get the same answer");
    cancelled.set(jobId, answers[0]?.kind ?? "");
  };
  for (const jobId of JOBS) await system.submit(jobId);
  await Promise.all(JOBS.slice(2).map(clickOften));
  await system.allOver();
  const ends = new Map<string, string>();
  for (const jobId of JOBS) {
    const { status } = await workflowOf(bench.sql, jobId);
    ends.set(jobId, status);
    assertEquals(status === "cancelled", cancelled.get(jobId) === "accepted", `${jobId}: ${status}`);
  }
  const retried = await Promise.all(JOBS.map(async (jobId) => {
    const request = () => retry(bench.sql, jobId, { ...asked, after: 1 });
    return (await Promise.all([request(), request()])).map(({ kind }) => kind);
  }));
  await system.allOver();
  for (const [index, jobId] of JOBS.entries()) {
    const { attempt, status } = await workflowOf(bench.sql, jobId);
    const again = ends.get(jobId) !== "finishedSuccessfully";
    assertEquals(retried[index], again ? ["accepted", "accepted"] : ["over", "over"]);
    assertEquals(attempt, again ? 2 : 1);
    assert(["finishedSuccessfully", "finishedWithError"].includes(status), status);
    for (const step of ["copy", "plugin", "upload", "delete"]) {
      const made = system.made.filter((one) => one === `${step} ${jobId}`).length;
      assert(made <= attempt, `${step} of ${jobId} was made ${made} times in ${attempt} attempts`);
    }
  }
});
