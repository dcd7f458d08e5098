import type { OpenAPIHono } from "@hono/zod-openapi";
import { listControl, listPastSteps } from "lib/store/control.ts";
import { type Sql, withOutage } from "lib/store/open.ts";
import { findWorkflow } from "lib/store/workflows.ts";
import type { Order } from "lib/task/order.ts";
import { callerOf } from "../auth/caller.ts";
import { errorBody } from "../http/app_error.ts";
import { cancel } from "./cancel.ts";
import { retry } from "./retry.ts";
import { attemptsRoute, cancelRoute, retryRoute } from "./routes.ts";
import { attemptViews } from "./views.ts";

/** What the routes that cancel and retry jobs need. */
export interface ControlContext {
  readonly sql: Sql;
  /** Has an order carried out at once; one that is forgotten here is found by the sweep. */
  readonly give: (order: Order) => void;
  /** ms since 1970. */
  readonly now: () => number;
}

/** Adds the routes that cancel and retry jobs. */
export function serveControl(app: OpenAPIHono, { sql, give, now }: ControlContext): void {
  app.openapi(cancelRoute, async (c) => {
    const { job_id } = c.req.valid("param");
    const { reason } = c.req.valid("json") ?? {};
    const asked = { by: callerOf(c).subject, reason: reason ?? null, now: now() };
    const result = await cancel(sql, job_id, asked);
    if (result.kind === "unknown") return c.json(unknownJob(job_id), 404);
    if (result.kind === "over") {
      const { status } = result;
      const error = errorBody(
        "already_over",
        `job "${job_id}" is over (${status}), nothing is left to cancel`,
      );
      return c.json({ job_id, status, ...error }, 409);
    }
    if (result.order) give(result.order);
    return c.json({ job_id, status: result.status, attempt: result.attempt }, 202);
  });
  app.openapi(retryRoute, async (c) => {
    const { job_id } = c.req.valid("param");
    const { reason, after_attempt } = c.req.valid("json") ?? {};
    const asked = { by: callerOf(c).subject, reason: reason ?? null, now: now() };
    const result = await retry(sql, job_id, { ...asked, after: after_attempt ?? null });
    if (result.kind === "unknown") return c.json(unknownJob(job_id), 404);
    if (result.kind === "accepted") {
      if (result.order) give(result.order);
      return c.json({ job_id, status: "retrying" as const, attempt: result.attempt }, 202);
    }
    if (result.kind === "over") {
      const error = errorBody("already_over", `job "${job_id}" has succeeded, there is nothing to retry`);
      return c.json({ job_id, status: result.status, ...error }, 409);
    }
    const status = result.cancelling ? "cancelling" as const : "running" as const;
    const error = errorBody("not_over", `job "${job_id}" is ${status}: retry it when it is over`);
    return c.json({ job_id, status, ...error }, 409);
  });
  app.openapi(attemptsRoute, async (c) => {
    const { job_id } = c.req.valid("param");
    const [workflow, past, asked] = await withOutage(
      "read a job's attempts",
      () => Promise.all([findWorkflow(sql, job_id), listPastSteps(sql, job_id), listControl(sql, job_id)]),
    );
    if (!workflow) return c.json(unknownJob(job_id), 404);
    return c.json({ job_id, attempts: attemptViews(workflow, past, asked) }, 200);
  });
}

function unknownJob(jobId: string) {
  return errorBody("not_found", `there is no workflow of job "${jobId}"`);
}
