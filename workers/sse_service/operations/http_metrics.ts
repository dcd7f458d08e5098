import type { MiddlewareHandler } from "hono";
import { routePath } from "hono/route";
import { type Metrics, SECONDS_BUCKETS } from "lib/run/metrics.ts";

/** Methods told by their names; of others there may be any number. */
const METHODS = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]);

/**
 * Counts requests by what answers them: the route's pattern, never the path that was asked for, of which clients may
 * make up as many as they like. An event stream is counted when it begins.
 */
export function countRequests(metrics: Metrics): MiddlewareHandler {
  const requests = metrics.counter("chris_http_requests_total", "Requests answered.", [
    "method",
    "route",
    "status",
  ]);
  const duration = metrics.histogram(
    "chris_http_request_duration_seconds",
    "From a request to the beginning of its answer (s).",
    { labels: ["route"], buckets: SECONDS_BUCKETS },
  );
  return async (c, next) => {
    const stop = duration.startTimer();
    await next();
    const route = routePath(c);
    stop({ route });
    const method = METHODS.has(c.req.method) ? c.req.method : "other";
    requests.inc({ method, route, status: c.res.status });
  };
}
