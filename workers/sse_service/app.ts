/**
 * The HTTP application: a function from request to response. No port, no environment.
 *
 * @module
 */
import { OpenAPIHono } from "@hono/zod-openapi";
import { bodyLimit } from "hono/body-limit";
import { secureHeaders } from "hono/secure-headers";
import type { LogStore } from "lib/log_store/log_store.ts";
import type { Health } from "lib/run/health.ts";
import type { Logger } from "lib/run/log.ts";
import { type Sql, withOutage } from "lib/store/open.ts";
import { listStatuses } from "lib/store/status_history.ts";
import { findWorkflow } from "lib/store/workflows.ts";
import { answerFault, errorBody, fieldFaults } from "./app_error.ts";
import { answerEvents, type EventsContext } from "./events.ts";
import {
  eventsRoute,
  logHistoryRoute,
  metricsRoute,
  runRoute,
  statusHistoryRoute,
  workflowRoute,
} from "./routes.ts";
import type { Metrics } from "./schemas.ts";
import { submit } from "./submit.ts";
import { statusViews, workflowView } from "./views.ts";
import type { z } from "@hono/zod-openapi";

/** What the application needs. */
export interface AppContext {
  readonly sql: Sql;
  readonly logStore: LogStore;
  readonly events: EventsContext;
  readonly health: Health;
  readonly metrics: () => Promise<z.infer<typeof Metrics>>;
  /** Called once a job is accepted, to get it going at once; a job forgotten here is found by the sweep. */
  readonly onSubmitted: (jobId: string) => void;
  /** Answers with a file of the web UI, or null if there is none at this path. */
  readonly asset: (path: string) => Promise<Response | null>;
  /** What the UI's form proposes. */
  readonly sample: Record<string, unknown>;
  /** Host names that requests may name; null: any (not only this machine reaches the service). */
  readonly hosts: ReadonlySet<string> | null;
  readonly maxBodyBytes: number;
  readonly log: Logger;
  readonly now: () => number;
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
  guard(app, context);
  serveJobs(app, context);
  serveOperations(app, context);
  app.notFound(async (c) => {
    const asset = c.req.method === "GET" || c.req.method === "HEAD" ? await context.asset(c.req.path) : null;
    return asset ?? c.json(errorBody("not_found", `there is nothing at ${c.req.path}`), 404);
  });
  return app;
}

/** What holds for every request. */
function guard(app: OpenAPIHono, { hosts, maxBodyBytes }: AppContext): void {
  app.use(secureHeaders({
    contentSecurityPolicy: { defaultSrc: ["'self'"], frameAncestors: ["'none'"], baseUri: ["'none'"] },
    strictTransportSecurity: false,
    referrerPolicy: "no-referrer",
  }));
  // A page of another site may point its own name at this machine; the browser then still sends that name.
  app.use(async (c, next) => {
    const host = (c.req.header("host") ?? "").replace(/:\d+$/, "");
    if (hosts === null || hosts.has(host)) return await next();
    return c.json(
      errorBody("forbidden_host", `this service does not answer for ${JSON.stringify(host)}`),
      403,
    );
  });
  app.use(bodyLimit({
    maxSize: maxBodyBytes,
    onError: (c) =>
      c.json(errorBody("body_too_large", `expected a body of at most ${maxBodyBytes} bytes`), 413),
  }));
  app.use("/api/*", async (c, next) => {
    const type = c.req.header("content-type") ?? "";
    if (c.req.method !== "POST" || /^application\/json\b/i.test(type)) return await next();
    return c.json(errorBody("unsupported_media_type", "expected a body of type application/json"), 415);
  });
}

function serveJobs(app: OpenAPIHono, context: AppContext): void {
  const { sql, logStore } = context;
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
  app.openapi(logHistoryRoute, async (c) => {
    const { job_id } = c.req.valid("param");
    const { limit, offset } = c.req.valid("query");
    const { total, lines } = await logStore.page(job_id, { limit, offset });
    return c.json({ job_id, total, offset, lines: lines.map(({ event }) => event) }, 200);
  });
  app.openapi(eventsRoute, async (c) => {
    const { job_id, kind } = c.req.valid("param");
    const lastEventId = c.req.header("last-event-id") ?? c.req.valid("query").last_event_id ?? null;
    return await answerEvents(context.events, { jobId: job_id, kind, lastEventId });
  });
}

function serveOperations(app: OpenAPIHono, { health, metrics, sample }: AppContext): void {
  app.openapi(metricsRoute, async (c) => c.json(await metrics(), 200));
  app.get("/health", (c) => health.answer(c.req.raw));
  app.get("/ready", (c) => health.answer(c.req.raw));
  app.get("/config.json", (c) => c.json({ sample }));
  app.doc31("/openapi.json", { openapi: "3.1.0", info: { title: "ChRIS streaming workers", version: "1" } });
}
