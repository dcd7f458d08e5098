import type { MiddlewareHandler } from "hono";
import { cors } from "hono/cors";
import { errorBody } from "../http/app_error.ts";

/** Lets pages of the listed origins call the service and read its answers (CORS); no others. */
export function allowOrigins(origins: ReadonlySet<string>): MiddlewareHandler {
  const allowed = cors({
    origin: [...origins],
    credentials: true,
    allowMethods: ["GET", "HEAD", "POST", "DELETE"],
    allowHeaders: ["authorization", "content-type", "last-event-id"],
    exposeHeaders: ["www-authenticate", "retry-after", "content-disposition"],
    maxAge: 600,
  });
  return async (c, next) => {
    const origin = c.req.header("origin");
    if (origin !== undefined && origins.has(origin)) return await allowed(c, next);
    if (origin !== undefined && c.req.method === "OPTIONS") {
      return c.json(errorBody("forbidden_origin", "this origin is not listed in CORS_ORIGINS"), 403);
    }
    await next();
    // Caches must not give a listed origin what was said to another.
    if (origins.size > 0) c.res.headers.append("vary", "Origin");
    return;
  };
}
