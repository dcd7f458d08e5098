import type { Logger } from "lib/run/log.ts";
import type { Worker } from "lib/run/worker.ts";
import { type Handler, serveHttp } from "./serve_http.ts";

/** Serves HTTP until stopped; streams must end with the same signal, or the shutdown waits for them. */
export function serveUntil(
  handler: Handler,
  { hostname, port, log }: { hostname: string; port: number; log: Logger },
): Worker {
  return {
    name: "http server",
    async run(signal) {
      const server = await serveHttp(handler, { hostname, port });
      log.info({ hostname: server.hostname, port: server.port }, "listens");
      const stopped = Promise.withResolvers<void>();
      signal.addEventListener("abort", () => stopped.resolve(), { once: true });
      if (!signal.aborted) await stopped.promise;
      await server.shutdown();
    },
  };
}
