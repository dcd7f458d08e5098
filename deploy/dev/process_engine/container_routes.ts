import type { Hono } from "hono";
import type { WaitCondition } from "./container.ts";
import { inspectJson, summaryJson } from "./container_json.ts";
import type { Containers } from "./containers.ts";
import { EngineError } from "./engine_error.ts";
import { parseFilters } from "./filters.ts";
import { isTrue, parseLogQuery } from "./log_query.ts";
import { readLog } from "./log_reader.ts";
import type { NanoClock } from "./nano_time.ts";
import { parseSignal } from "./signals.ts";

const STOP_SECONDS = 10;

/** Adds everything under `/containers`. */
export function addContainerRoutes(app: Hono, containers: Containers, clock: NanoClock): void {
  app.get("/containers/json", (c) => {
    const filters = parseFilters(c.req.query("filters"));
    const limit = Number(c.req.query("limit") ?? 0);
    const all = isTrue(c.req.query("all")) || limit > 0 || filters.has("status") || filters.has("exited");
    const wanted = containers.list(filters).filter(({ isRunning }) => all || isRunning);
    return c.json(
      (limit > 0 ? wanted.slice(0, limit) : wanted).map((container) => summaryJson(container, clock())),
    );
  });
  app.post("/containers/create", async (c) => {
    const body: unknown = await c.req.json().catch((cause) => {
      throw new EngineError(400, "Cannot read the request body: expected JSON", { cause });
    });
    return c.json({ Id: containers.create(c.req.query("name"), body).spec.id, Warnings: [] }, 201);
  });
  app.get("/containers/:id/json", (c) => c.json(inspectJson(containers.get(c.req.param("id")))));
  app.get("/containers/:id/logs", (c) => {
    const container = containers.get(c.req.param("id"));
    const framed = !container.spec.request.Tty;
    return new Response(readLog(container.log, parseLogQuery(c.req.query()), { clock, framed }), {
      headers: {
        "Content-Type": framed
          ? "application/vnd.docker.multiplexed-stream"
          : "application/vnd.docker.raw-stream",
      },
    });
  });
  app.post("/containers/:id/wait", (c) => {
    const ended = containers.get(c.req.param("id")).wait(waitCondition(c.req.query("condition")));
    return new Response(laterJson(ended.then((StatusCode) => ({ Error: null, StatusCode }))), {
      headers: { "Content-Type": "application/json" },
    });
  });
  app.delete("/containers/:id", async (c) => {
    await containers.remove(c.req.param("id"), isTrue(c.req.query("force")));
    return c.body(null, 204);
  });
  addSteeringRoutes(app, containers);
}

function addSteeringRoutes(app: Hono, containers: Containers): void {
  app.post("/containers/:id/start", async (c) => {
    return c.body(null, await containers.get(c.req.param("id")).start() ? 204 : 304);
  });
  app.post("/containers/:id/kill", async (c) => {
    const reference = c.req.param("id");
    const container = containers.get(reference);
    const signal = parseSignal(c.req.query("signal") || "KILL");
    await container.kill(signal).catch((error) => {
      if (!(error instanceof EngineError)) throw error;
      throw new EngineError(error.status, `Cannot kill container: ${reference}: ${error.message}`, {
        cause: error,
      });
    });
    return c.body(null, 204);
  });
  app.post("/containers/:id/stop", async (c) => {
    const seconds = Number(c.req.query("t") || STOP_SECONDS);
    const signal = parseSignal(c.req.query("signal") || "TERM");
    const stopped = await containers.get(c.req.param("id")).stop(seconds * 1000, signal);
    return c.body(null, stopped ? 204 : 304);
  });
}

/** As the Engine does, takes an unknown condition for the default one. */
function waitCondition(text: string | undefined): WaitCondition {
  return text === "next-exit" || text === "removed" ? text : "not-running";
}

/** A body that begins now, so that the client has its headers, and ends when the value is there. */
function laterJson(value: Promise<unknown>): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new ReadableStream({
    async pull(controller) {
      controller.enqueue(new TextEncoder().encode(`${JSON.stringify(await value)}\n`));
      controller.close();
    },
  });
}
