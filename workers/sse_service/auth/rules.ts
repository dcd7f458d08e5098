/**
 * Who may use which route, all on one screen. A route that is missing here is refused to everybody.
 *
 * @module
 */
import type { Scope } from "./caller.ts";

/**
 * What a route asks of its caller.
 *
 * - `open`: nothing, not even a token
 * - `job`: the scope, for the job in the path
 * - `jobs`: the scope; its handler leaves out jobs that are none of the caller's ({@link Caller.jobs})
 * - `service`: the scope; it tells nothing about single jobs
 * - `all jobs`: the scope, from a token that is not limited to some jobs
 */
export type Rule = "open" | ClosedRule;

/** What a route asks of its caller, where it asks anything. */
export interface ClosedRule {
  readonly scope: Scope;
  readonly about: "job" | "jobs" | "service" | "all jobs";
}

const READ = { scope: "jobs:read", about: "job" } as const;
const READ_LIST = { scope: "jobs:read", about: "jobs" } as const;
const RUN = { scope: "jobs:run", about: "job" } as const;
const WATCH = { scope: "jobs:admin", about: "service" } as const;
/** A dead letter holds the bytes of some job, often beyond telling whose. */
const REPAIR = { scope: "jobs:admin", about: "all jobs" } as const;

/** By method and path, as the application registers them. */
export const RULES: Readonly<Record<string, Rule>> = {
  "GET /health": "open",
  "GET /ready": "open",
  "GET /config.json": "open",
  "GET /openapi.json": "open",
  "GET /docs": "open",
  "GET /docs/": "open",
  "GET /docs/:file": "open",
  "POST /api/session": "open",
  "DELETE /api/session": "open",
  "POST /api/jobs/:job_id/run": RUN,
  "GET /api/jobs/:job_id/workflow": READ,
  "GET /api/jobs/:job_id/status/history": READ,
  "GET /logs/:job_id/history": READ,
  "GET /events/:job_id/:kind": READ,
  "GET /metrics": WATCH,
  "GET /api/jobs": READ_LIST,
  "GET /api/confirmations": READ_LIST,
  "POST /api/jobs/:job_id/cancel": RUN,
  "POST /api/jobs/:job_id/retry": RUN,
  "GET /api/jobs/:job_id/attempts": READ,
  "GET /logs/:job_id/search": READ,
  "GET /logs/:job_id/download": READ,
  "GET /api/dlq/:kind": REPAIR,
  "GET /api/dlq/:kind/:id": REPAIR,
  "POST /api/dlq/:kind/requeue": REPAIR,
  "POST /api/dlq/:kind/:id/requeue": REPAIR,
  "DELETE /api/dlq/:kind/:id": REPAIR,
};

/** The rule's name of a route. */
export function ruleKey(method: string, path: string): string {
  return `${method} ${path}`;
}
