import { Hono } from "hono";
import type { Logger } from "lib/run/log.ts";
import { addContainerRoutes } from "./container_routes.ts";
import { Containers } from "./containers.ts";
import { EngineError } from "./engine_error.ts";
import { EventJournal } from "./event_journal.ts";
import { parseFilters } from "./filters.ts";
import { familiarName, imageJson, type Images } from "./images.ts";
import { type NanoClock, queryTime, stateTime } from "./nano_time.ts";
import { API_VERSION, ENGINE_HEADERS, infoJson, versionJson } from "./system_json.ts";

/** What an engine consists of. */
export interface EngineParts {
  readonly clock: NanoClock;
  readonly journal: EventJournal;
  readonly containers: Containers;
  readonly images: Images;
  /** Where everything is kept. */
  readonly folder: string;
  readonly logger: Logger;
}

/** The Engine API as a function from request to response; paths with or without `/v1.xx` in front. */
export function engineApp(parts: EngineParts): Hono {
  const app = new Hono({ getPath: pathWithoutVersion });
  app.use(async (c, next) => {
    refuseNewer(new URL(c.req.url).pathname);
    await next();
    for (const [name, value] of Object.entries(ENGINE_HEADERS)) c.header(name, value);
  });
  addSystemRoutes(app, parts);
  addImageRoutes(app, parts);
  addContainerRoutes(app, parts.containers, parts.clock);
  app.notFound((c) => c.json({ message: "page not found" }, 404));
  app.onError((error, c) => {
    const known = error instanceof EngineError;
    if (!known) parts.logger.error({ error, path: c.req.path }, "request failed");
    return c.json({ message: error.message }, known ? error.status : 500);
  });
  return app;
}

function addSystemRoutes(app: Hono, { clock, journal, containers, images, folder }: EngineParts): void {
  app.get("/_ping", (c) => c.text("OK", 200, { "Cache-Control": "no-cache, no-store, must-revalidate" }));
  app.get("/version", (c) => c.json(versionJson()));
  app.get("/info", (c) => {
    const now = stateTime(clock());
    return c.json(infoJson(containers.list(new Map()), { images: images.all().length, folder, now }));
  });
  app.get("/events", (c) => {
    const { since, until, filters } = c.req.query();
    const query = { since: queryTime(since), until: queryTime(until), filters: parseFilters(filters) };
    return new Response(journal.stream(query), { headers: { "Content-Type": "application/json" } });
  });
}

function addImageRoutes(app: Hono, { clock, images }: EngineParts): void {
  const created = clock();
  app.get("/images/json", (c) =>
    c.json(
      images.all().map(({ id, name }) => ({
        Containers: -1,
        Created: Number(created / 1_000_000_000n),
        Id: id,
        Labels: null,
        ParentId: "",
        RepoDigests: null,
        RepoTags: [name],
        SharedSize: -1,
        Size: 0,
        VirtualSize: 0,
      })),
    ));
  app.get(
    "/images/:name{.+}/json",
    (c) => c.json(imageJson(images.get(c.req.param("name")), stateTime(created))),
  );
  app.post("/images/create", (c) => {
    const { fromImage = "", tag = "" } = c.req.query();
    const name = tag === "" ? fromImage : `${fromImage}${tag.includes(":") ? "@" : ":"}${tag}`;
    if (images.find(name)) return c.json({ status: `Status: Image is up to date for ${name}` });
    throw new EngineError(
      404,
      `pull access denied for ${
        familiarName(fromImage).replace(/:[^:/]*$/, "")
      }, repository does not exist or may require ` +
        "'docker login': denied: requested access to the resource is denied",
    );
  });
}

function pathWithoutVersion(request: Request): string {
  return new URL(request.url).pathname.replace(/^\/v\d+\.\d+(?=\/)/, "");
}

function refuseNewer(path: string): void {
  const [, version = "", minor = "0"] = /^\/v(1\.(\d+))\//.exec(path) ?? [];
  if (Number(minor) <= Number(API_VERSION.slice(2))) return;
  throw new EngineError(
    400,
    `client version ${version} is too new. Maximum supported API version is ${API_VERSION}`,
  );
}
