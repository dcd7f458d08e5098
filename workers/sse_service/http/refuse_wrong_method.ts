import type { OpenAPIHono } from "@hono/zod-openapi";
import type { Context, MiddlewareHandler } from "hono";
import { matchedRoutes } from "hono/route";
import { errorBody } from "./app_error.ts";

/**
 * Answers 405 where there is something at the path, but not by that method; the routes themselves say which methods
 * there are. OPTIONS is the business of CORS.
 */
export function refuseWrongMethod(app: OpenAPIHono): MiddlewareHandler {
  return async (c, next) => {
    if (c.req.method === "OPTIONS" || matchedRoutes(c).some(isRoute)) return await next();
    const methods = methodsAt(app, c.req.path);
    return methods.length === 0 ? await next() : wrongMethod(c, methods);
  };
}

/** The answer to a method that is none of `methods`. */
export function wrongMethod(c: Context, methods: readonly string[]): Response {
  const known = methods.flatMap((method) => method === "GET" ? ["GET", "HEAD"] : [method]).join(", ");
  c.header("Allow", known);
  return c.json(errorBody("method_not_allowed", `expected one of the methods ${known} here`), 405);
}

function methodsAt({ routes, router }: OpenAPIHono, path: string): string[] {
  const methods = new Set(routes.filter(isRoute).map(({ method }) => method));
  return [...methods].filter((method) => router.match(method, path)[0].some(([[, route]]) => isRoute(route)))
    .sort();
}

/** What is there for all methods is middleware. */
function isRoute({ method }: { readonly method: string }): boolean {
  return method !== "ALL";
}
