import type { MiddlewareHandler } from "hono";

/**
 * Lets a request through that is declared as JSON and has an empty body, where a body may be left out: clients declare
 * the type with every POST.
 */
export const withoutEmptyBody: MiddlewareHandler = async (c, next) => {
  if (await c.req.text() === "") {
    const { method, url, signal } = c.req.raw;
    const headers = new Headers(c.req.raw.headers);
    headers.delete("content-type");
    c.req.raw = new Request(url, { method, headers, signal });
  }
  await next();
};
