/**
 * `/docs`: a page that shows `/openapi.json` and tries requests out. Everything on it comes from this service.
 *
 * Its program and style are imported as text from their npm package, so that a process reads them with its own
 * modules, whatever files it may read otherwise; and only when somebody asks for them.
 *
 * @module
 */
import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { secureHeaders } from "hono/secure-headers";
import { json } from "./responses.ts";
import { ErrorBody } from "./schemas.ts";

const PAGE = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>ChRIS streaming workers: API</title>
    <link rel="icon" href="favicon.svg">
    <link rel="stylesheet" href="docs/swagger-ui.css">
  </head>
  <body>
    <div id="api"></div>
    <script src="docs/swagger-ui-bundle.js"></script>
    <script src="docs/start.js"></script>
  </body>
</html>
`;

// Without "null" here the page would have every document judged by a server far away.
const START = `SwaggerUIBundle({
  url: "openapi.json",
  dom_id: "#api",
  validatorUrl: null,
  deepLinking: true,
  displayRequestDuration: true,
});
`;

const SCRIPT = "text/javascript; charset=utf-8";

/** The page's files. */
const FILES = {
  "start.js": { type: SCRIPT, text: () => Promise.resolve(START) },
  "swagger-ui.css": {
    type: "text/css; charset=utf-8",
    text: async () => (await import("swagger-ui-dist/swagger-ui.css", { with: { type: "text" } })).default,
  },
  "swagger-ui-bundle.js": {
    type: SCRIPT,
    text: async () =>
      (await import("swagger-ui-dist/swagger-ui-bundle.js", { with: { type: "text" } })).default,
  },
};
const FILE_NAMES = Object.keys(FILES) as (keyof typeof FILES)[];

const docsRoute = createRoute({
  method: "get",
  path: "/docs",
  operationId: "showDocs",
  tags: ["Documents"],
  security: [],
  summary: "This document, as a page that can try requests out",
  responses: { 200: { description: "The page", content: { "text/html": { schema: z.string() } } } },
});

const docsFolderRoute = createRoute({
  method: "get",
  path: "/docs/",
  operationId: "findDocs",
  tags: ["Documents"],
  security: [],
  summary: "The way to that page, for who writes a slash behind it",
  responses: { 308: { description: "It is at `/docs`" } },
});

const docsFileRoute = createRoute({
  method: "get",
  path: "/docs/{file}",
  operationId: "getDocsFile",
  tags: ["Documents"],
  security: [],
  summary: "A file of that page",
  request: {
    params: z.object({
      file: z.string().openapi({ param: { name: "file", in: "path" }, example: "start.js" }),
    }),
  },
  responses: {
    200: {
      description: "The file",
      content: { "text/javascript": { schema: z.string() }, "text/css": { schema: z.string() } },
    },
    404: json(ErrorBody, "The page has no such file"),
  },
});

/**
 * Lets the page use the pictures that its style brings with it, as `data:`, which no other page may. To be called
 * before the guard, whose headers it changes.
 */
export function relaxForDocs(app: OpenAPIHono): void {
  app.get(
    "/docs",
    secureHeaders({
      contentSecurityPolicy: {
        defaultSrc: ["'self'"],
        imgSrc: ["'self'", "data:"],
        frameAncestors: ["'none'"],
        baseUri: ["'none'"],
      },
      strictTransportSecurity: false,
      referrerPolicy: "no-referrer",
    }),
  );
}

/** Adds the page. */
export function serveDocs(app: OpenAPIHono): void {
  app.openapi(docsRoute, (c) => c.html(PAGE, 200, { "Cache-Control": "no-cache" }));
  // Relative, as everything on the page: a proxy may have put the service below a path.
  app.openapi(docsFolderRoute, (c) => c.redirect("../docs", 308));
  app.openapi(docsFileRoute, async (c) => {
    const name = FILE_NAMES.find((known) => known === c.req.valid("param").file);
    if (!name) return await c.notFound();
    const { type, text } = FILES[name];
    return c.body(await text(), 200, { "Content-Type": type, "Cache-Control": "max-age=3600" });
  });
}
