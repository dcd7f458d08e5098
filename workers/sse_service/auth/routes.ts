/**
 * The URL about sessions, with what goes in and what comes out (http.md).
 *
 * @module
 */
import { createRoute } from "@hono/zod-openapi";
import { bodyFaults, faults, json } from "../http/responses.ts";
import { ErrorBody } from "../http/schemas.ts";
import { SessionView } from "./schemas.ts";

/** A token into a cookie. */
export const openSessionRoute = createRoute({
  method: "post",
  path: "/api/session",
  operationId: "openSession",
  tags: ["Sessions"],
  summary: "Sign in: keep the bearer token of this request in a cookie, for EventSource",
  security: [{ bearer: [] }],
  responses: {
    ...bodyFaults,
    200: json(SessionView, "The cookie is set; it lasts as long as the token"),
    400: json(ErrorBody, "A cookie cannot hold this token, or a browser would not keep the cookie"),
    ...faults,
  },
});

/** The cookie away. */
export const closeSessionRoute = createRoute({
  method: "delete",
  path: "/api/session",
  operationId: "closeSession",
  tags: ["Sessions"],
  summary: "Sign out: remove the cookie",
  responses: { 204: { description: "There is no cookie any more" }, ...faults },
});
