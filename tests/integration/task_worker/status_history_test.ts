import { assert, assertEquals } from "@std/assert";
import { stepContainers } from "lib/store/step_containers.ts";
import { recordedUpTo } from "lib/store/status_progress.ts";
import { recordStatus } from "../../../workers/task_worker/record_status.ts";
import {
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
