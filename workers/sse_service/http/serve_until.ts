import type { Logger } from "lib/run/log.ts";
import type { Worker } from "lib/run/worker.ts";
import { type Handler, serveHttp } from "./serve_http.ts";

/**
 * Serves HTTP until stopped; streams end with the same signal. What else is under way, such as downloads, has
 * `patienceMs` to end by itself.
 */
export function serveUntil(
  handler: Handler,
  { hostname, port, patienceMs, log }: {
    readonly hostname: string;
    readonly port: number;
    readonly patienceMs: number;
    readonly log: Logger;
  },
): Worker {
  return {
    name: "http server",
    async run(signal) {
      const server = await serveHttp(handler, { hostname, port });
      log.info({ hostname: server.hostname, port: server.port }, "listens");
      const stopped = Promise.withResolvers<void>();
      signal.addEventListener("abort", () => stopped.resolve(), { once: true });
      if (!signal.aborted) await stopped.promise;
      const broken = await server.shutdown(patienceMs);
      if (broken > 0) {
        log.warn({ connections: broken, patience_ms: patienceMs }, "broke off what did not end in time");
      }
    },
  };
}
