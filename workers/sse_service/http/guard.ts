import type { OpenAPIHono } from "@hono/zod-openapi";
import { bodyLimit } from "hono/body-limit";
import { secureHeaders } from "hono/secure-headers";
import { errorBody } from "./app_error.ts";

/** What every request must comply with. */
export interface GuardContext {
  /** Host names that requests may name; null: any (not only this machine reaches the service). */
  readonly hosts: ReadonlySet<string> | null;
  readonly maxBodyBytes: number;
}

/** What holds for every request. */
export function guard(app: OpenAPIHono, { hosts, maxBodyBytes }: GuardContext): void {
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
