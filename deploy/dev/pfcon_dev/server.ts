/**
 * The stand-in as a running service.
 *
 * @module
 */
import type { Logger } from "lib/run/log.ts";
import type { JobsOptions } from "./jobs.ts";
import { json, Routes } from "./routes.ts";
import type { Tokens } from "./tokens.ts";

/** What the service is made of. */
export interface PfconDevOptions extends JobsOptions {
  readonly tokens: Tokens;
  readonly hostname: string;
  /** 0 for any free one. */
  readonly port: number;
  readonly log: Logger;
}

/** A running service; disposing it waits for requests in hand. */
export interface PfconDev extends AsyncDisposable {
  /** Base address, without `/api/v1/`. */
  readonly url: string;
}

/** Starts the service. It needs no engine to start: each request finds out for itself. */
export function servePfconDev(options: PfconDevOptions): PfconDev {
  const { hostname, port, log } = options;
  const routes = new Routes(options);
  const server = Deno.serve({ hostname, port, onListen() {} }, async (request) => {
    const startedAt = performance.now();
    const response = await routes.answer(request).catch((error) => {
      log.error({ error }, "request failed");
      return json(500, { message: "Internal Server Error" });
    });
    const ms = Math.round(performance.now() - startedAt);
    log.info(
      { method: request.method, path: new URL(request.url).pathname, status: response.status, ms },
      "request",
    );
    return response;
  });
  const shown = hostname.includes(":") ? `[${hostname}]` : hostname;
  const url = `http://${shown}:${server.addr.port}`;
  log.info({ url, storage: options.storage }, `listening on ${url}`);
  return { url, [Symbol.asyncDispose]: () => server.shutdown() };
}
