import { assertEquals } from "@std/assert";
import type { StatusEvent } from "lib/event/status.ts";
import { statusViews, workflowView } from "./views.ts";

const stored = (job_type: StatusEvent["job_type"], status: StatusEvent["status"], at: number) => ({
  entryId: `${at}-0`,
  event: {
    event_id: `${job_type}${at}`,
    job_id: "job-1",
    job_type,
    status,
    previous_status: null,
    image: "i",
    cmd: "c",
    message: "",
    exit_code: null,
    timestamp: `2026-01-15T12:00:0${at}+00:00`,
    source: "docker",
  } satisfies StatusEvent,
});

const history = [
  stored("copy", "started", 1),
  stored("copy", "finishedSuccessfully", 2),
  stored("plugin", "started", 3),
];

Deno.test("statusViews() shows every transition, oldest first, with its time as updated_at", () => {
  const views = statusViews(history, false);
  assertEquals(views.map(({ job_type, status, updated_at }) => [job_type, status, updated_at]), [
    ["copy", "started", "2026-01-15T12:00:01+00:00"],
    ["copy", "finishedSuccessfully", "2026-01-15T12:00:02+00:00"],
    ["plugin", "started", "2026-01-15T12:00:03+00:00"],
  ]);
});

Deno.test("statusViews() shows the newest status of each step when only the latest are asked for", () => {
  assertEquals(statusViews(history, true).map(({ job_type, status }) => [job_type, status]), [
    ["copy", "finishedSuccessfully"],
    ["plugin", "started"],
  ]);
});

Deno.test("workflowView() says that a job is being cancelled only until it is over", () => {
  const at = new Date("2026-01-15T12:00:00Z");
  const workflow = {
    jobId: "job-1",
    step: "delete",
    params: {},
    held: null,
    error: null,
    attempt: 1,
    steps: [],
    createdAt: at,
    updatedAt: at,
  } as const;
  const found = ([["running", at], ["cancelled", at], ["running", null]] as const)
    .map(([status, cancelledAt]) => workflowView({ ...workflow, status, cancelledAt }).cancelling);
  assertEquals(found, [true, false, false]);
});
