/**
 * Shows `/docs` and its files under the permissions that this process was given; prints what each answer is.
 *
 * @module
 */
import { OpenAPIHono } from "@hono/zod-openapi";
import { serveDocs } from "../../workers/sse_service/http/docs.ts";

if (import.meta.main) {
  const app = new OpenAPIHono();
  serveDocs(app);
  for (const path of ["/docs", "/docs/swagger-ui.css", "/docs/swagger-ui-bundle.js", "/docs/start.js"]) {
    const response = await app.request(path);
    console.log(path, response.status, (await response.text()).length > 100);
  }
}
