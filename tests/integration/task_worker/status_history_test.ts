import { assert, assertEquals } from "@std/assert";
import { begin } from "lib/job/workflow.ts";
import { beginAttempt, isOfEarlierAttempt } from "lib/store/control.ts";
import { lastEnd } from "lib/store/status_history.ts";
import { isStartRecorded, stepContainers } from "lib/store/step_containers.ts";
import { recordedUpTo } from "lib/store/status_progress.ts";
import { recordStatus } from "../../../workers/task_worker/record_status.ts";
import {
  accept,
  benchOfFile,
  currentStatus,
  eventOf,
  forgetAll,
  lifeOf,
  NOW,
  permutations,
  record,
} from "./bench.ts";

const bench = benchOfFile();

Deno.test("upsertCurrentStatus() prefers a container's end although the runtime dates it before the start", async () => {
  const of = { jobId: "trial-1", step: "plugin" } as const;
  const created = eventOf({ ...of, status: "notStarted", at: -0.2 });
  for (
    const [status, startedAt] of [["finishedSuccessfully", 0.001], ["finishedWithError", 0.001], [
      "finishedSuccessfully",
      5,
    ]] as const
  ) {
    const started = eventOf({ ...of, status: "started", at: startedAt });
    for (const order of permutations([created, started, eventOf({ ...of, status, at: 0 })])) {
      await forgetAll(bench);
      await record(bench.sql, ...order);
      assertEquals(await currentStatus(bench.sql, "trial-1"), `${status} of container 1`);
    }
  }
});

Deno.test("upsertCurrentStatus() prefers the end also where the runtime's adapter names no containers", async () => {
  const of = { jobId: "trial-1", step: "plugin", more: { container_id: undefined } } as const;
  const life = [
    eventOf({ ...of, status: "started", at: 0.001 }),
    eventOf({ ...of, status: "finishedSuccessfully", at: 0 }),
  ];
  for (const order of permutations(life)) {
    await forgetAll(bench);
    await record(bench.sql, ...order);
    const [known] = await bench.sql`SELECT status FROM job_status`;
    assertEquals(known?.status, "finishedSuccessfully");
  }
});

Deno.test("upsertCurrentStatus() prefers a newer container of the same name, even within the same second", async () => {
  const of = { jobId: "trial-1", step: "plugin" } as const;
  const events = [
    eventOf({ ...of, status: "notStarted", at: 0 }),
    eventOf({ ...of, status: "undefined", at: 0, more: { previous_status: "notStarted" } }),
    eventOf({ ...of, status: "notStarted", at: 0.3, container: 2 }),
    eventOf({ ...of, status: "started", at: 0.4, container: 2 }),
  ];
  for (const order of permutations(events)) {
    await forgetAll(bench);
    await record(bench.sql, ...order);
    assertEquals(await currentStatus(bench.sql, "trial-1"), "started of container 2");
  }
});

Deno.test("upsertCurrentStatus() follows a container that was started again", async () => {
  await record(bench.sql, ...lifeOf("trial-1", "plugin"));
  await record(bench.sql, eventOf({ jobId: "trial-1", step: "plugin", status: "started", at: 60 }));
  assertEquals(await currentStatus(bench.sql, "trial-1"), "started of container 1");
});

Deno.test("stepContainers() names a step's newest container, also when an older one reports last", async () => {
  const of = { jobId: "trial-1", step: "plugin" } as const;
  await record(
    bench.sql,
    eventOf({ ...of, status: "notStarted", at: 0 }),
    ...lifeOf("trial-1", "plugin", "finishedSuccessfully", { at: 5, container: 2 }),
    eventOf({ ...of, status: "undefined", at: 0, more: { previous_status: "notStarted" } }),
    eventOf({ ...of, step: "copy", status: "started", at: 0, more: { container_id: undefined } }),
  );
  const [first, second] = [1, 2].map((container) => `${container}`.padStart(64, "0"));
  assertEquals([...await stepContainers(bench.sql, "trial-1")], [
    ["plugin", { current: second, earlier: [first] }],
  ]);
});

Deno.test("what is recorded of a container before an attempt begins makes it one of an earlier attempt for good", async () => {
  const { sql } = bench;
  const of = { jobId: "trial-1", step: "plugin" } as const;
  const [first, second] = [1, 2].map((container) => `${container}`.padStart(64, "0"));
  await accept(sql, "trial-1");
  await record(
    sql,
    eventOf({ ...of, status: "notStarted", at: 0 }),
    eventOf({ ...of, status: "started", at: 1 }),
  );
  assertEquals(await isStartRecorded(sql, "trial-1", "plugin"), true);
  await beginAttempt(sql, "trial-1", { ...begin().flow, attempt: 2 });
  await record(sql, eventOf({ ...of, status: "finishedWithError", at: 2 }));
  assertEquals([...await stepContainers(sql, "trial-1")], [["plugin", { current: null, earlier: [first] }]]);
  assertEquals(await isStartRecorded(sql, "trial-1", "plugin"), false);
  await record(sql, eventOf({ ...of, status: "started", at: 3, container: 2 }));
  assertEquals([...await stepContainers(sql, "trial-1")], [
    ["plugin", { current: second, earlier: [first] }],
  ]);
  assertEquals(await isStartRecorded(sql, "trial-1", "plugin"), true);
});

Deno.test("isOfEarlierAttempt() goes by the time where the runtime's adapter names no containers", async () => {
  const { sql } = bench;
  const endAt = (at: number) =>
    eventOf({
      ...{ jobId: "trial-1", step: "copy", status: "finishedWithError", at },
      more: { container_id: undefined },
    });
  await accept(sql, "trial-1");
  await record(sql, endAt(5));
  await beginAttempt(sql, "trial-1", { ...begin().flow, attempt: 2 });
  const found = [4, 5, 6].map((at) => isOfEarlierAttempt(sql, endAt(at)));
  assertEquals(await Promise.all(found), [true, true, false]);
});

Deno.test("lastEnd() is the end with the latest time, whichever was recorded last", async () => {
  const of = { jobId: "trial-1", step: "copy" } as const;
  const old = eventOf({ ...of, status: "finishedWithError", at: 5 });
  const last = eventOf({ ...of, status: "finishedSuccessfully", at: 60, container: 2 });
  await record(bench.sql, last, old);
  assertEquals(await lastEnd(bench.sql, "trial-1", "copy"), last);
});

Deno.test("recordedUpTo() follows the last task and never goes back", async () => {
  const { sql } = bench;
  const [event, later] = lifeOf("trial-1", "plugin");
  assert(event && later);
  assertEquals(await recordedUpTo(sql, 3), "0-0");
  for (
    const [entryId, upTo] of [["1768478400000-9", "1768478400000-9"], [
      "1768478400000-10",
      "1768478400000-10",
    ], ["99-0", "1768478400000-10"]] as const
  ) {
    await recordStatus(sql, { event: entryId === "99-0" ? later : event, entryId }, { shard: 3, now: NOW });
    assertEquals(await recordedUpTo(sql, 3), upTo);
  }
});
