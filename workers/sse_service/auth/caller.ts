/**
 * Who makes a request, and what they may do.
 *
 * @module
 */
import type { Context } from "hono";
import { namesJob } from "./job_patterns.ts";

/** What a token may allow (http.md): look at jobs, start and end them, look after the service. None implies another. */
export const SCOPES = ["jobs:read", "jobs:run", "jobs:admin"] as const;

/** One of {@link SCOPES}. */
export type Scope = typeof SCOPES[number];

/** Who makes a request. */
export interface Caller {
  /** `sub` of the token; null without one. */
  readonly subject: string | null;
  readonly scopes: ReadonlySet<Scope>;
  /** Ids and beginnings ending in `*` of the jobs that the caller may deal with; null: all jobs. */
  readonly jobs: readonly string[] | null;
  /** When the token ends and streams with it (ms since 1970); null: never. */
  readonly expiresAtMs: number | null;
}

/** The caller where nobody is asked for a token. */
export const ANYBODY: Caller = {
  subject: null,
  scopes: new Set(SCOPES),
  jobs: null,
  expiresAtMs: null,
};

declare module "hono" {
  interface ContextVariableMap {
    /** Set once a request is let in; read with {@link callerOf}. */
    caller: Caller | undefined;
  }
}

/**
 * Who makes the request in hand.
 *
 * @throws {Error} on a route that is open to everybody: it may not depend on who asks.
 */
export function callerOf(c: Context): Caller {
  const caller = c.get("caller");
  if (!caller) throw new Error(`Cannot tell who asks for ${c.req.path}: its route is open to everybody`);
  return caller;
}

/** Whether the caller may look at a job: for filtering lists. */
export function mayRead(caller: Caller, jobId: string): boolean {
  return caller.scopes.has("jobs:read") && namesJob(caller.jobs, jobId);
}
