import type { OpenAPIHono } from "@hono/zod-openapi";
import type { AuthContext } from "./auth_context.ts";
import { ruleKey, RULES } from "./rules.ts";
import { cookieName } from "./session_cookie.ts";

/** Says in the OpenAPI document which routes ask for a token, once all routes are there. */
export function declareSecurity(app: OpenAPIHono, { verifier, cookieSecurity }: AuthContext): void {
  if (verifier === null) return;
  const registry = app.openAPIRegistry;
  registry.registerComponent("securitySchemes", "bearer", {
    type: "http",
    scheme: "bearer",
    bearerFormat: "JWT",
    description:
      "Claims: `scope` (`jobs:read`, `jobs:run`, `jobs:admin`) and, to limit it to some jobs, `jobs` " +
      "(list of ids, or beginnings of ids followed by `*`).",
  });
  registry.registerComponent("securitySchemes", "session", {
    type: "apiKey",
    in: "cookie",
    name: cookieName(cookieSecurity !== false),
    description: "The same token in a cookie, for EventSource: see `POST /api/session`.",
  });
  for (const definition of registry.definitions) {
    if (definition.type !== "route" || definition.route.security) continue;
    const { method, path } = definition.route;
    const rule = RULES[ruleKey(method.toUpperCase(), path.replace(/\{(\w+)\}/g, ":$1"))];
    const security: Record<string, string[]>[] = rule === "open" ? [] : [{ bearer: [] }, { session: [] }];
    definition.route = { ...definition.route, security };
  }
}
