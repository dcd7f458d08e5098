import type { OpenAPIHono } from "@hono/zod-openapi";
import { listJobs } from "lib/store/job_list.ts";
import { type Sql, withOutage } from "lib/store/open.ts";
import { listStatuses } from "lib/store/status_history.ts";
import { findWorkflow } from "lib/store/workflows.ts";
import { callerOf } from "../auth/caller.ts";
import { errorBody } from "../http/app_error.ts";
import { listJobsRoute, runRoute, statusHistoryRoute, workflowRoute } from "./routes.ts";
import { submit } from "./submit.ts";
import { jobListView, statusViews, workflowView } from "./views.ts";

/** What the routes about jobs need. */
export interface JobsContext {
  readonly sql: Sql;
  /** Called once a job is accepted, to get it going at once; a job forgotten here is found by the sweep. */
  readonly onSubmitted: (jobId: string) => void;
  /** ms since 1970. */
  readonly now: () => number;
}

/** Adds the routes about jobs. */
export function serveJobs(app: OpenAPIHono, context: JobsContext): void {
  const { sql } = context;
  app.openapi(runRoute, async (c) => {
    const { job_id } = c.req.valid("param");
    const status = await submit(sql, job_id, { params: c.req.valid("json"), now: context.now() });
    if (status === "conflict") {
      return c.json(
        errorBody("job_exists", `job "${job_id}" was submitted before with other parameters: use another id`),
        409,
      );
    }
    context.onSubmitted(job_id);
    return c.json({ job_id, status }, 202);
  });
  app.openapi(workflowRoute, async (c) => {
    const { job_id } = c.req.valid("param");
    const workflow = await withOutage("read a workflow", () => findWorkflow(sql, job_id));
    if (workflow) return c.json(workflowView(workflow), 200);
    return c.json({
      job_id,
      status: "not_found" as const,
      ...errorBody("not_found", `there is no workflow of job "${job_id}"`),
    }, 404);
  });
  app.openapi(statusHistoryRoute, async (c) => {
    const { job_id } = c.req.valid("param");
    const stored = await withOutage("read statuses", () => listStatuses(sql, job_id));
    return c.json({ job_id, statuses: statusViews(stored, c.req.valid("query").latest === "true") }, 200);
  });
  app.openapi(listJobsRoute, async (c) => {
    const { status: statuses, q: text, after, limit } = c.req.valid("query");
    const among = callerOf(c).jobs ?? undefined;
    return c.json(jobListView(await listJobs(sql, { statuses, text, among, after, limit })), 200);
  });
}
