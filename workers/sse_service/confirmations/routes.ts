/**
 * The URL about confirmations, with what goes in and what comes out (http.md).
 *
 * @module
 */
import { createRoute } from "@hono/zod-openapi";
import { faults, json } from "../http/responses.ts";
import { ErrorBody } from "../http/schemas.ts";
import { Confirmations, ConfirmationsQuery } from "./schemas.ts";

/** All confirmations, for a backend that catches up. */
export const confirmationsRoute = createRoute({
  method: "get",
  path: "/api/confirmations",
  operationId: "listConfirmations",
  tags: ["Jobs"],
  summary: "Every confirmation, in the order of commits",
  description:
    "For a backend that catches up: it keeps `next`, asks again with it as `after`, and has every " +
    "confirmation once, in an order that never changes. Nothing ever appears below a number that was shown, " +
    "whatever was committed meanwhile.",
  request: { query: ConfirmationsQuery },
  responses: {
    200: json(Confirmations, "The page; only confirmations of jobs that the caller may look at"),
    409: json(
      ErrorBody,
      "`after` is higher than any number given: it is of another database, so begin anew with 0",
    ),
    ...faults,
  },
});
