import type { OpenAPIHono } from "@hono/zod-openapi";
import { z } from "@hono/zod-openapi";
import { completeDocument } from "./complete_document.ts";
import { faults } from "./responses.ts";

const DESCRIPTION = `Jobs of ChRIS, watched and run by events.

* **Jobs** are accepted durably, and looked at one by one or in pages.
* **Events** of a job come as server-sent events: history first, then live, resumable at any point.
* **Logs** are read in pages, searched and downloaded.
* **Dead letters** are entries that could never be handled: to be looked at, put back, or thrown away.

Every error is \`{"error": {"code", "message", "details?"}}\`; \`code\` is for programs and stays, \`message\` is for
people. Unknown fields of a body are refused. Pages cost in proportion to themselves: follow \`next\`.`;

const INFO = {
  openapi: "3.1.0",
  info: {
    title: "ChRIS streaming workers",
    version: "1",
    description: DESCRIPTION,
    license: { name: "MIT", identifier: "MIT" },
  },
  servers: [{ url: "/" }],
  tags: [
    { name: "Jobs", description: "Running jobs and where they stand" },
    { name: "Events", description: "What happens to a job, as it happens" },
    { name: "Logs", description: "What a job's containers printed" },
    { name: "Dead letters", description: "Entries that could never be handled" },
    { name: "Sessions", description: "Signing in, for browsers" },
    { name: "Operations", description: "How the service itself does" },
    { name: "Documents", description: "The web page, and this document" },
  ],
};

/** Adds `/openapi.json`. The document is made when it is first asked for, once all routes are there. */
export function serveOpenapi(app: OpenAPIHono): void {
  declare(app);
  let document: string | null = null;
  app.get("/openapi.json", (c) => {
    document ??= JSON.stringify(completeDocument(app.getOpenAPI31Document(INFO)));
    return c.body(document, 200, { "Content-Type": "application/json" });
  });
}

/** Routes that answer with what no schema of ours describes. */
function declare({ openAPIRegistry }: OpenAPIHono): void {
  openAPIRegistry.registerPath({
    method: "get",
    path: "/openapi.json",
    operationId: "getDocument",
    tags: ["Documents"],
    security: [],
    summary: "This document",
    responses: {
      200: {
        description: "An OpenAPI 3.1 document",
        content: { "application/json": { schema: z.looseObject({ openapi: z.string() }) } },
      },
    },
  });
  openAPIRegistry.registerPath({
    method: "get",
    path: "/",
    operationId: "showPage",
    tags: ["Documents"],
    security: [],
    summary: "The web page",
    responses: { 200: { description: "The page", content: { "text/html": { schema: z.string() } } } },
  });
  openAPIRegistry.registerPath({
    method: "get",
    path: "/config.json",
    operationId: "getPageConfig",
    tags: ["Documents"],
    security: [],
    summary: "What the web page's form proposes",
    responses: {
      200: {
        description: "The proposal",
        content: { "application/json": { schema: z.looseObject({ sample: z.looseObject({}) }) } },
      },
      503: faults[503],
    },
  });
}
