import type { OpenAPIHono } from "@hono/zod-openapi";
import type { LogStore } from "lib/log_store/log_store.ts";
import { logHistoryRoute } from "./routes.ts";

/** What the routes about logs need. */
export interface LogsContext {
  readonly logStore: Pick<LogStore, "page">;
}

/** Adds the routes about logs. */
export function serveLogs(app: OpenAPIHono, { logStore }: LogsContext): void {
  app.openapi(logHistoryRoute, async (c) => {
    const { job_id } = c.req.valid("param");
    const { limit, offset } = c.req.valid("query");
    const { total, lines } = await logStore.page(job_id, { limit, offset });
    return c.json({ job_id, total, offset, lines: lines.map(({ event }) => event) }, 200);
  });
}
