import { assertEquals } from "@std/assert";
import { Hono } from "hono";
import { Metrics } from "lib/run/metrics.ts";
import { countRequests } from "./http_metrics.ts";

Deno.test("countRequests() counts by route, method and status, whatever paths and methods clients make up", async () => {
  const metrics = new Metrics();
  const app = new Hono();
  app.onError((_, c) => c.text("fault", 503));
  app.use(countRequests(metrics));
  app.use(async (c, next) => c.req.header("forbidden") ? c.text("no", 401) : await next());
  app.get("/jobs/:id", (c) => c.text(c.req.param("id")));
  app.post("/jobs/:id", () => Promise.reject(new Error("away")));
  for (const id of ["a", "b", "%00", "..%2f"]) await app.request(`/jobs/${id}`);
  await app.request("/jobs/a", { method: "POST" });
  await app.request("/jobs/a", { headers: { forbidden: "yes" } });
  for (const path of ["/x1", "/x2"]) await app.request(path);
  for (const method of ["BREW", "STEEP"]) await app.request("/x", { method });
  const text = await (await metrics.answer(null)).text();
  const lines = [...text.matchAll(/^chris_http_requests_total(\{.*\} \d+)$/gm)].map(([, line]) => line);
  assertEquals(lines.sort(), [
    '{method="GET",route="/*",status="401"} 1',
    '{method="GET",route="/*",status="404"} 2',
    '{method="GET",route="/jobs/:id",status="200"} 4',
    '{method="POST",route="/jobs/:id",status="503"} 1',
    '{method="other",route="/*",status="404"} 2',
  ]);
});
