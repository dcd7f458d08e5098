import type { Logger } from "lib/run/log.ts";
import type { Worker } from "lib/run/worker.ts";

/** Serves HTTP until stopped; streams must end with the same signal, or the shutdown waits for them. */
export function serveUntil(
  handler: (request: Request) => Response | Promise<Response>,
  { hostname, port, log }: { hostname: string; port: number; log: Logger },
): Worker {
  return {
    name: "http server",
    async run(signal) {
      const stopped = Promise.withResolvers<void>();
      const server = Deno.serve({
        hostname,
        port,
        onListen: (address) => log.info({ hostname: address.hostname, port: address.port }, "listens"),
      }, (request) => handler(request));
      signal.addEventListener("abort", () => server.shutdown().then(stopped.resolve, stopped.reject), {
        once: true,
      });
      if (signal.aborted) await server.shutdown();
      else await stopped.promise;
    },
  };
}
