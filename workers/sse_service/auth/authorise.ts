/**
 * Lets requests in by the rules (http.md, Auth).
 *
 * @module
 */
import type { OpenAPIHono } from "@hono/zod-openapi";
import type { Context, MiddlewareHandler } from "hono";
import { matchedRoutes } from "hono/route";
import { errorBody } from "../http/app_error.ts";
import type { AuthContext } from "./auth_context.ts";
import { ANYBODY, type Caller } from "./caller.ts";
import { isOfForeignPage, provenanceOf } from "./foreign_page.ts";
import { InvalidTokenError } from "./invalid_token_error.ts";
import { namesJob } from "./job_patterns.ts";
import { presentedToken } from "./presented_token.ts";
import { type ClosedRule, ruleKey, RULES } from "./rules.ts";
import type { TokenVerifier } from "./token_verifier.ts";

/** Asks for tokens as the rules say, before anything of a request but its head is looked at. */
export function authorise(app: OpenAPIHono, context: AuthContext): void {
  if (context.verifier === null) {
    app.use(anybody(context.origins));
    return;
  }
  app.use(refuseUnruled);
  for (const [key, rule] of Object.entries(RULES)) {
    const [method = "", path = ""] = key.split(" ");
    // On the same path as the route itself, so that both read the same job id from it.
    if (rule !== "open") app.on(method, path, byRule(rule, { ...context, verifier: context.verifier }));
  }
}

/** Without tokens, being able to reach the service is what counts; a foreign page must not lend it to its author. */
function anybody(origins: ReadonlySet<string>): MiddlewareHandler {
  return async (c, next) => {
    const changes = c.req.method !== "GET" && c.req.method !== "HEAD";
    if (changes && isOfForeignPage(provenanceOf(c.req.raw), origins)) return refused(c, FOREIGN_PAGE);
    c.set("caller", ANYBODY);
    return await next();
  };
}

const refuseUnruled: MiddlewareHandler = async (c, next) => {
  const ruled = matchedRoutes(c).every(({ method, path }) =>
    method === "ALL" || Object.hasOwn(RULES, ruleKey(method, path))
  );
  return ruled ? await next() : refused(c, { code: "forbidden", message: "nobody may use this route" });
};

function byRule(
  rule: ClosedRule,
  { verifier, origins, cookieSecurity }: AuthContext & { verifier: Pick<TokenVerifier, "verify"> },
): MiddlewareHandler {
  return async (c, next) => {
    const presented = presentedToken(c, cookieSecurity);
    if (presented === null) throw new InvalidTokenError("a token is needed", { code: "unauthenticated" });
    if (presented.by === "cookie" && isOfForeignPage(provenanceOf(c.req.raw), origins)) {
      return refused(c, FOREIGN_PAGE);
    }
    const caller = await verifier.verify(presented.token);
    const refusal = refusalOf(rule, caller, c.req.param("job_id"));
    if (refusal) return refused(c, refusal);
    c.set("caller", caller);
    await next();
    // Nothing that was said to one caller may be kept for another.
    if (!c.res.headers.has("cache-control")) c.res.headers.set("cache-control", "no-store");
    return;
  };
}

interface Refusal {
  readonly code: string;
  readonly message: string;
  /** `WWW-Authenticate`: what a token that would do has (RFC 6750 §3.1). */
  readonly challenge?: string;
}

const FOREIGN_PAGE: Refusal = {
  code: "forbidden_origin",
  message: "a page of an origin that CORS_ORIGINS does not name made the browser send this",
};

/** Why a caller may not use a route; null if they may. Of other jobs it does not tell whether they exist. */
function refusalOf({ scope, about }: ClosedRule, caller: Caller, jobId: string | undefined): Refusal | null {
  if (!caller.scopes.has(scope)) {
    return {
      code: "insufficient_scope",
      message: `this token lacks the scope "${scope}"`,
      challenge: `Bearer realm="chris", error="insufficient_scope", scope="${scope}"`,
    };
  }
  if (about === "job" && (jobId === undefined || !namesJob(caller.jobs, jobId))) {
    return { code: "forbidden_job", message: "this token is for other jobs" };
  }
  if (about === "all jobs" && caller.jobs !== null) {
    return { code: "forbidden_job", message: "this token is for some jobs, and this is about all of them" };
  }
  return null;
}

function refused(c: Context, { code, message, challenge }: Refusal): Response {
  if (challenge) c.header("WWW-Authenticate", challenge);
  c.header("Cache-Control", "no-store");
  return c.json(errorBody(code, message), 403);
}
