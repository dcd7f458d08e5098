import type { OpenAPIHono } from "@hono/zod-openapi";

/** What the web page shows a button for, and the route that the button needs. */
const FEATURES = {
  cancel: "/api/jobs/:job_id/cancel",
  retry: "/api/jobs/:job_id/retry",
  download: "/logs/:job_id/download",
  session: "/api/session",
};

/** What this service offers its web page. */
export function featuresOf({ routes }: Pick<OpenAPIHono, "routes">): string[] {
  const paths = new Set(routes.map(({ path }) => path));
  return Object.entries(FEATURES).flatMap(([name, path]) => paths.has(path) ? [name] : []);
}
