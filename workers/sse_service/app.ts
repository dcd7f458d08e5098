/**
 * The HTTP application: a function from request to response. No port, no environment.
 *
 * Each subject has its folder: its URLs (`routes.ts`), their bodies (`schemas.ts`), and what answers them
 * (`serve_*.ts`).
 *
 * @module
 */
import { OpenAPIHono } from "@hono/zod-openapi";
import type { Logger } from "lib/run/log.ts";
import { declareSecurity } from "./auth/declare_security.ts";
import { serveSession } from "./auth/serve_session.ts";
import { type ConfirmationsContext, serveConfirmations } from "./confirmations/serve_confirmations.ts";
import { type ControlContext, serveControl } from "./control/serve_control.ts";
import { type DlqContext, serveDlq } from "./dlq/serve_dlq.ts";
import type { EventsContext } from "./events/answer_events.ts";
import { serveEvents } from "./events/serve_events.ts";
import { answerFault, errorBody, fieldFaults } from "./http/app_error.ts";
import { relaxForDocs, serveDocs } from "./http/docs.ts";
import { guard, type GuardContext } from "./http/guard.ts";
import { serveOpenapi } from "./http/openapi.ts";
import { wrongMethod } from "./http/refuse_wrong_method.ts";
import { type JobsContext, serveJobs } from "./jobs/serve_jobs.ts";
import { type LogsContext, serveLogs } from "./logs/serve_logs.ts";
import { countRequests } from "./operations/http_metrics.ts";
import { type OperationsContext, serveOperations } from "./operations/serve_operations.ts";

/** What the application needs, by subject. */
export interface AppContext {
  readonly guard: GuardContext;
  readonly jobs: JobsContext;
  readonly control: ControlContext;
  readonly confirmations: ConfirmationsContext;
  readonly dlq: DlqContext;
  readonly logs: LogsContext;
  readonly events: EventsContext;
  readonly operations: OperationsContext;
  /** Answers with a file of the web UI, or null if there is none at this path. */
  readonly asset: (path: string) => Promise<Response | null>;
  readonly log: Logger;
}

/** Builds the application. */
export function createApp(context: AppContext): OpenAPIHono {
  const app = new OpenAPIHono({
    defaultHook: (result, c) => {
      if (result.success) return;
      const details = fieldFaults(result.error);
      const message = details.map(({ field, message }) => `${field}: ${message}`).join("; ");
      return c.json(errorBody("invalid_request", message, details), 422);
    },
  });
  app.onError((error, c) => answerFault(error, c, context.log));
  app.use(countRequests(context.operations.metrics));
  relaxForDocs(app);
  guard(app, context.guard);
  serveSession(app, context.guard.auth);
  serveJobs(app, context.jobs);
  serveControl(app, context.control);
  serveConfirmations(app, context.confirmations);
  serveDlq(app, context.dlq);
  serveLogs(app, context.logs);
  serveEvents(app, context.events);
  serveOperations(app, context.operations);
  serveDocs(app);
  serveOpenapi(app);
  declareSecurity(app, context.guard.auth);
  app.notFound(async (c) => {
    const asset = c.req.method === "OPTIONS" ? null : await context.asset(c.req.path);
    if (asset === null) return c.json(errorBody("not_found", `there is nothing at ${c.req.path}`), 404);
    return c.req.method === "GET" || c.req.method === "HEAD" ? asset : wrongMethod(c, ["GET"]);
  });
  return app;
}
