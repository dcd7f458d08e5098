/**
 * What holds for every request, in the order in which it is looked at: where it comes from, who makes it, its body.
 *
 * @module
 */
import type { OpenAPIHono } from "@hono/zod-openapi";
import type { MiddlewareHandler } from "hono";
import { secureHeaders } from "hono/secure-headers";
import { allowOrigins } from "../auth/allow_origins.ts";
import type { AuthContext } from "../auth/auth_context.ts";
import { authorise } from "../auth/authorise.ts";
import { errorBody } from "./app_error.ts";
import { type BodyLimits, limitBody } from "./limit_body.ts";
import { refuseWrongMethod } from "./refuse_wrong_method.ts";

/** What every request must comply with. */
export interface GuardContext extends BodyLimits {
  /** Host names that requests may name; null: any (not only this machine reaches the service). */
  readonly hosts: ReadonlySet<string> | null;
  readonly auth: AuthContext;
  /** Whether another event stream would be one too many. @default () => false */
  readonly full?: () => boolean;
}

/** Adds what holds for every request. */
export function guard(app: OpenAPIHono, context: GuardContext): void {
  app.use(headAlone);
  app.use(secureHeaders({
    contentSecurityPolicy: { defaultSrc: ["'self'"], frameAncestors: ["'none'"], baseUri: ["'none'"] },
    strictTransportSecurity: false,
    referrerPolicy: "no-referrer",
  }));
  app.use(withReadableUrl);
  app.use(onlyFor(context.hosts));
  app.use(allowOrigins(context.auth.origins));
  app.use(refuseWrongMethod(app));
  authorise(app, context.auth);
  app.use("/events/*", unlessFull(context.full ?? (() => false)));
  app.use("/api/*", onlyJson);
  app.use(limitBody(context));
}

/** An answer to HEAD has no body, so whatever would go on making one is told to stop. */
const headAlone: MiddlewareHandler = async (c, next) => {
  await next();
  if (c.req.method === "HEAD") await c.res.body?.cancel();
};

/** A host's name or address, perhaps with a port. */
const HOST = /^(?:[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::\d{1,5})?$/i;

/** The server makes a request's URL of whatever it is told: it need not be one, or the host could hold the path. */
const withReadableUrl: MiddlewareHandler = async (c, next) => {
  const host = c.req.header("host");
  if ((host === undefined || HOST.test(host)) && URL.canParse(c.req.url)) return await next();
  return c.json(
    errorBody("malformed_request", "expected a URL, and a Host header with a host and port"),
    400,
  );
};

/** A page of another site may point its own name at this machine; the browser then still sends that name. */
function onlyFor(hosts: ReadonlySet<string> | null): MiddlewareHandler {
  return async (c, next) => {
    const host = (c.req.header("host") ?? "").replace(/:\d+$/, "");
    if (hosts === null || hosts.has(host)) return await next();
    return c.json(
      errorBody("forbidden_host", `this service does not answer for ${JSON.stringify(host)}`),
      403,
    );
  };
}

/** Refuses streams while the ones there are stay well, rather than serving all of them badly. */
function unlessFull(full: () => boolean): MiddlewareHandler {
  return async (c, next) => {
    if (!full()) return await next();
    c.header("Retry-After", "10");
    return c.json(errorBody("too_many_streams", "there are too many streams at the moment, try again"), 503);
  };
}

/** No page can send JSON to another origin unasked. Where there is no body, there is nothing to declare. */
const onlyJson: MiddlewareHandler = async (c, next) => {
  const type = c.req.header("content-type");
  const empty = (c.req.header("content-length") ?? "0") === "0" && !c.req.header("transfer-encoding");
  const fine = type === undefined ? empty : /^application\/json\b/i.test(type);
  if (c.req.method !== "POST" || fine) return await next();
  return c.json(errorBody("unsupported_media_type", "expected a body of type application/json"), 415);
};
