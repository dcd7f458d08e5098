/** `/openapi.json` and `/docs` against the application, and against the rules of OpenAPI. */
import { assert, assertEquals } from "@std/assert";
import { Validator } from "@seriousme/openapi-schema-validator";
import { permissionFlags } from "lib/run/permissions.ts";
import { startSseBench } from "./sse_bench.ts";

/** What the tests look at in an operation. */
interface Operation {
  readonly operationId: string;
  readonly tags: string[];
  readonly summary: string;
  readonly parameters?: { name: string; in: string }[];
  readonly responses: Record<string, { content?: Record<string, { schema?: { $ref?: string } }> }>;
}

const bench = await startSseBench();
Deno.test.afterAll(async () => await bench[Symbol.asyncDispose]());

async function readDocument() {
  const document = await (await fetch(`${bench.url}/openapi.json`)).json();
  const operations = Object.entries<Record<string, Operation>>(document.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => ({
      name: `${method.toUpperCase()} ${path}`,
      operation,
    }))
  );
  return { document, operations };
}

Deno.test("/openapi.json is a valid OpenAPI document", async () => {
  const { document } = await readDocument();
  assertEquals(await new Validator().validate(document), { valid: true });
  assertEquals(document.openapi, "3.1.0");
});

Deno.test("/openapi.json tells of every route of the application, and of no other", async () => {
  const { operations } = await readDocument();
  const routes = bench.app.routes.filter(({ method }) => method !== "ALL")
    .map(({ method, path }) => `${method} ${path.replace(/:(\w+)/g, "{$1}")}`);
  // The web page is no route: its files are what is served where no route is.
  assertEquals(operations.map(({ name }) => name).sort(), [...new Set([...routes, "GET /"])].sort());
});

Deno.test("/openapi.json describes every kind of event that is streamed, and how a client resumes", async () => {
  const { document } = await readDocument();
  const { parameters, responses } = document.paths["/events/{job_id}/{kind}"].get;
  const header = parameters.find((parameter: { in: string }) => parameter.in === "header");
  assertEquals([header.name, header.required], ["Last-Event-ID", false]);
  assertEquals(responses[200].content, {
    "text/event-stream": { schema: { $ref: "#/components/schemas/StreamedEvent" } },
  });
  const { StreamedEvent } = document.components.schemas;
  const kinds = Object.keys(StreamedEvent.discriminator.mapping);
  assertEquals(kinds, ["status", "logs", "workflow", "gap", "caught-up", "end"]);
});

Deno.test("every operation has a name of its own, a place in the document, and says how it fails", async () => {
  const { document, operations } = await readDocument();
  const names = operations.map(({ operation }) => operation.operationId);
  assertEquals(new Set(names).size, names.length, names.join());
  const tags = document.tags.map(({ name }: { name: string }) => name);
  for (const { name, operation } of operations) {
    assert(/^[a-z]+[A-Z][A-Za-z]+$/.test(operation.operationId), `${name}: ${operation.operationId}`);
    assert(!/^(?:post|put|patch|delete)[A-Z]/.test(operation.operationId), `${name} is named by its method`);
    assert(operation.tags.every((tag) => tags.includes(tag)), `${name}: ${operation.tags}`);
    assert(operation.summary.length > 5, name);
    const failure = operation.responses["default"]?.content?.["application/json"]?.schema;
    assertEquals(failure, { $ref: "#/components/schemas/Error" }, name);
    const inPath = operation.parameters?.filter((parameter) => parameter.in === "path").map(({ name }) =>
      name
    );
    assertEquals(inPath ?? [], [...name.matchAll(/\{(\w+)\}/g)].map(([, parameter]) => parameter), name);
  }
});

Deno.test("/docs and all that it loads come from the service, with their types", async () => {
  const page = await fetch(`${bench.url}/docs`);
  assertEquals(page.headers.get("content-type"), "text/html; charset=UTF-8");
  const html = await page.text();
  const loaded = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, address = ""]) => address);
  assertEquals(loaded.filter((address) => /^(?:[a-z]+:|\/\/)/.test(address)), []);
  const types: Record<string, string | null> = {};
  for (const address of loaded.filter((address) => address.startsWith("docs/"))) {
    const file = await fetch(new URL(address, `${bench.url}/docs`));
    types[address] = file.headers.get("content-type");
    assert((await file.text()).length > 100, address);
  }
  assertEquals(types, {
    "docs/swagger-ui.css": "text/css; charset=utf-8",
    "docs/swagger-ui-bundle.js": "text/javascript; charset=utf-8",
    "docs/start.js": "text/javascript; charset=utf-8",
  });
  // Relative: a proxy may have put the service below a path.
  const folder = await fetch(`${bench.url}/docs/`, { redirect: "manual" });
  await folder.body?.cancel();
  assertEquals([folder.status, folder.headers.get("location")], [308, "../docs"]);
  for (const stray of ["package.json", "..%2fopenapi.json", "constructor", "%00"]) {
    const missing = await fetch(`${bench.url}/docs/${stray}`);
    assertEquals([missing.status, (await missing.json()).error.code], [404, "not_found"], stray);
  }
});

Deno.test("G12 only the page of /docs may show pictures from data:, and it may load nothing from elsewhere", async () => {
  const policy = async (path: string) => {
    const response = await fetch(`${bench.url}${path}`, { redirect: "manual" });
    await response.body?.cancel();
    return response.headers.get("content-security-policy");
  };
  const strict = "default-src 'self'; frame-ancestors 'none'; base-uri 'none'";
  assertEquals(
    await policy("/docs"),
    "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'",
  );
  for (const path of ["/", "/docs/start.js", "/api/jobs", "/docs/"]) {
    assertEquals(await policy(path), strict, path);
  }
});

Deno.test("G12 /docs asks for no permission beyond those that the service has", async () => {
  const program = decodeURIComponent(new URL("./docs_probe.ts", import.meta.url).pathname);
  const settings = {
    REDIS_URL: "redis://127.0.0.1:6/0",
    DB_DSN: "postgres://127.0.0.1:5/x",
    LOG_STORE: "postgres",
    HOST: "127.0.0.1",
    PORT: "8",
  };
  const { stdout, stderr, code } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "--quiet", ...permissionFlags("sse_service", settings), program],
  }).output();
  assertEquals(code, 0, new TextDecoder().decode(stderr));
  assertEquals(new TextDecoder().decode(stdout).trim().split("\n"), [
    "/docs 200 true",
    "/docs/swagger-ui.css 200 true",
    "/docs/swagger-ui-bundle.js 200 true",
    "/docs/start.js 200 true",
  ]);
});
