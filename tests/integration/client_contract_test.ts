/**
 * The client library's types against the service's schemas, which are the truth: `deno check` fails where one says
 * what the other does not. Both ways, so that neither may lack a field or a word.
 */
import { assert, assertEquals } from "@std/assert";
import type { z } from "@hono/zod-openapi";
import type * as client from "lib/client/chris_client.ts";
import { LogEvent } from "lib/event/log.ts";
import { StatusEvent } from "lib/event/status.ts";
import { WorkflowEvent } from "lib/event/workflow.ts";
import type { JobParams } from "lib/job/job_params.ts";
import type { SessionView } from "../../workers/sse_service/auth/schemas.ts";
import type { Confirmations, ConfirmationsQuery } from "../../workers/sse_service/confirmations/schemas.ts";
import type * as control from "../../workers/sse_service/control/schemas.ts";
import type * as dlq from "../../workers/sse_service/dlq/schemas.ts";
import type * as jobs from "../../workers/sse_service/jobs/schemas.ts";
import type * as logs from "../../workers/sse_service/logs/schemas.ts";
import type { Metrics } from "../../workers/sse_service/operations/schemas.ts";

/** What a client may not change, it may not change anywhere within. */
type Frozen<T> = T extends readonly (infer Item)[] ? readonly Frozen<Item>[]
  : T extends object ? { readonly [Name in keyof T]: Frozen<T[Name]> }
  : T;

/** Whether the two are the same to whoever writes or reads them. */
type Same<Ours, Theirs> = [Frozen<Ours>] extends [Frozen<Theirs>]
  ? [Frozen<Theirs>] extends [Frozen<Ours>] ? true : ["the service says more", Theirs]
  : ["the client says more", Ours];

/** Fails to compile unless all are `true`. */
type All<Checks extends Record<string, true>> = Checks;

/** Query strings are text on the way; what may be asked is what counts. */
type Asked<Schema extends z.ZodType> = keyof z.input<Schema>;

export type Answers = All<{
  submitted: Same<client.Submitted, z.output<typeof jobs.Submitted>>;
  step: Same<client.StepView, z.output<typeof jobs.StepView>>;
  workflow: Same<client.WorkflowView, z.output<typeof jobs.WorkflowView>>;
  status: Same<client.StatusView, z.output<typeof jobs.StatusView>>;
  statuses: Same<client.StatusHistory, z.output<typeof jobs.StatusHistory>>;
  list: Same<client.JobList, z.output<typeof jobs.JobList>>;
  logs: Same<client.LogHistory, z.output<typeof logs.LogHistory>>;
  search: Same<client.LogSearch, z.output<typeof logs.LogSearch>>;
  cancelled: Same<client.Cancelled, z.output<typeof control.Cancelled>>;
  retried: Same<client.Retried, z.output<typeof control.Retried>>;
  attempts: Same<client.Attempts, z.output<typeof control.Attempts>>;
  confirmations: Same<client.Confirmations, z.output<typeof Confirmations>>;
  letters: Same<client.LetterList, z.output<typeof dlq.LetterList>>;
  letter: Same<client.Letter, z.output<typeof dlq.LetterView>>;
  requeued: Same<client.RequeueResult, z.output<typeof dlq.RequeueResult>>;
  discarded: Same<client.DiscardResult, z.output<typeof dlq.DiscardResult>>;
  session: Same<client.SessionView, z.output<typeof SessionView>>;
  metrics: Same<client.Metrics, z.output<typeof Metrics>>;
}>;

export type Events = All<{
  status: Same<client.StatusEvent, z.output<typeof StatusEvent>>;
  log: Same<client.LogEvent, z.output<typeof LogEvent>>;
  workflow: Same<client.WorkflowEvent, z.output<typeof WorkflowEvent>>;
}>;

export type Requests = All<{
  run: Same<client.JobParams, z.input<typeof JobParams>>;
  cancel: Same<client.CancelParams, z.input<typeof control.CancelRequest>>;
  retry: Same<client.RetryParams, z.input<typeof control.RetryRequest>>;
  requeue: Same<client.RequeueRequest, z.input<typeof dlq.RequeueBody>>;
  list: Same<keyof client.JobsQuery, Asked<typeof jobs.JobListQuery>>;
  logs: Same<keyof client.LogPageQuery, Asked<typeof logs.LogHistoryQuery>>;
  search: Same<keyof client.LogSearchQuery, Asked<typeof logs.LogSearchQuery>>;
  download: Same<keyof client.LogDownloadQuery, Asked<typeof logs.LogDownloadQuery>>;
  confirmations: Same<keyof client.ConfirmationsQuery, Asked<typeof ConfirmationsQuery>>;
  letters: Same<keyof client.LetterListQuery, Asked<typeof dlq.LetterListQuery>>;
}>;

Deno.test("lib/client imports nothing but itself, and asks for nothing that only Deno or Node has", async () => {
  const folder = new URL("../../lib/client/", import.meta.url);
  let files = 0;
  for await (const { name } of Deno.readDir(folder)) {
    if (!name.endsWith(".ts") || name.endsWith("_test.ts")) continue;
    files++;
    const text = await Deno.readTextFile(new URL(name, folder));
    const imports = [...text.matchAll(/^(?:import|export)\b[^;]*?\bfrom "([^"]+)"/gm)].map(([, from = ""]) =>
      from
    );
    assertEquals(imports.filter((from) => !/^\.\/\w+\.ts$/.test(from)), [], name);
    const code = text.replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, "");
    assertEquals(code.match(/\b(?:Deno|process|Buffer|require|withResolvers)\b|\busing\b/g), null, name);
  }
  assert(files > 5);
});

Deno.test("what the service's schemas fill in, the client's types do not take for optional", () => {
  const status = StatusEvent.parse({
    event_id: "e",
    job_id: "j",
    job_type: "plugin",
    status: "started",
    timestamp: "2026-01-15T10:00:00+00:00",
    source: "docker",
  });
  const event: client.StatusEvent = status;
  assertEquals([event.previous_status, event.exit_code, event.cmd], [null, null, ""]);
});
