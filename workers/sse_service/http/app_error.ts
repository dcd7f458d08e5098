/**
 * Errors as clients see them (http.md): `{"error": {"code", "message", "details?"}}`.
 *
 * @module
 */
import type { Context } from "hono";
import { HTTPException } from "hono/http-exception";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import type { z } from "@hono/zod-openapi";
import type { Logger } from "lib/run/log.ts";
import { OutageError } from "lib/run/outage_error.ts";
import { InvalidTokenError } from "../auth/invalid_token_error.ts";
import type { ErrorBody } from "./schemas.ts";

/** What was wrong with one field. */
export interface FieldFault {
  readonly field: string;
  readonly message: string;
}

/** The body of an error. */
export function errorBody(code: string, message: string, details?: FieldFault[]): z.infer<typeof ErrorBody> {
  return { error: { code, message, ...(details ? { details } : {}) } };
}

/** Most faults that an answer names, and most characters of a field's name: nobody needs as many as a body can have. */
const MAX_FAULTS = 100;
const MAX_NAME = 200;

/** The faults of a request, by field: `image`, `args.3`, `job_id`. */
export function fieldFaults(error: z.ZodError): FieldFault[] {
  const faults = error.issues.slice(0, MAX_FAULTS).flatMap((issue): FieldFault[] => {
    if (issue.code === "unrecognized_keys") {
      return issue.keys.slice(0, MAX_FAULTS).map((key) => ({
        field: [...issue.path, key.slice(0, MAX_NAME)].join("."),
        message: "this field is not known",
      }));
    }
    return [{ field: issue.path.join(".") || "body", message: issue.message }];
  });
  return faults.slice(0, MAX_FAULTS);
}

/** Codes of what the framework refuses by itself. */
const HTTP_CODES: Readonly<Record<number, string>> = {
  400: "malformed_request",
  413: "body_too_large",
  415: "unsupported_media_type",
};

/** What Postgres says of a table or column that the schema will have once it is made (undefined_table, undefined_column). */
const NOT_MADE_YET: ReadonlySet<unknown> = new Set(["42P01", "42703"]);

/** Answers a fault that a route threw; what is nobody's business but the operator's goes to the log only. */
export function answerFault(error: Error, context: Context, log: Logger): Response {
  if (error instanceof HTTPException) {
    const code = HTTP_CODES[error.status] ?? "http_error";
    return context.json(errorBody(code, error.message), error.status as ContentfulStatusCode);
  }
  if (error instanceof InvalidTokenError) {
    context.header("WWW-Authenticate", error.challenge);
    context.header("Cache-Control", "no-store");
    return context.json(errorBody(error.code, error.reason), 401);
  }
  if (error instanceof OutageError) {
    log.warn(
      { error: error.message, path: context.req.path },
      "request refused: a dependency is unavailable",
    );
    context.header("Retry-After", "2");
    return context.json(
      errorBody("unavailable", `${error.dependency} is unavailable at the moment, try again`),
      503,
    );
  }
  if ("code" in error && NOT_MADE_YET.has(error.code)) {
    log.warn(
      { error: error.message, path: context.req.path },
      "request refused: the tables are not made yet",
    );
    context.header("Retry-After", "2");
    return context.json(
      errorBody("unavailable", "the service is still preparing its tables, try again"),
      503,
    );
  }
  log.error({ error, path: context.req.path }, "request failed");
  return context.json(errorBody("internal", "the service failed to answer; its log says why"), 500);
}
