/**
 * How routes declare their answers.
 *
 * @module
 */
import type { z } from "@hono/zod-openapi";
import { ErrorBody } from "./schemas.ts";

/** An answer of JSON. */
export const json = <Schema extends z.ZodType>(schema: Schema, description: string) => ({
  description,
  content: { "application/json": { schema } },
});

/** Answers that any route may give. */
export const faults = {
  401: json(ErrorBody, "A token is needed, or the one that came is not accepted"),
  403: json(ErrorBody, "The token is for other things or jobs, or a foreign page made the browser send this"),
  422: json(ErrorBody, "The request is not valid; `details` names every field"),
  503: json(ErrorBody, "A dependency is unavailable; the same request may succeed later"),
};

/** What a body of JSON may be refused with. */
export const bodyFaults = {
  400: json(ErrorBody, "The body is no JSON"),
  408: json(ErrorBody, "The body took too long to come"),
  413: json(ErrorBody, "The body is too large"),
  415: json(ErrorBody, "The body is not declared as application/json"),
};
