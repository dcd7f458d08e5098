/**
 * From pfcon's answers to values and errors; pure.
 *
 * @module
 */
import { z } from "@zod/zod";
import { OutageError } from "../run/outage_error.ts";
import type { Answer } from "./exchange.ts";
import { PfconConflictError, PfconFaultError, PfconRejectedError } from "./pfcon_errors.ts";

/** Answers that say "not now" and nothing about the request. */
const NOT_NOW = new Set([408, 429, 502, 503, 504]);

/** Longest part of a foreign text that goes into an error. */
const MAX_DETAIL = 2_000;

/** Every error of pfcon: one text, or one for each offending field. */
const ErrorBody = z.object({ message: z.union([z.string(), z.record(z.string(), z.unknown())]) });

/** What an answer without success can mean. */
export type PfconError = OutageError | PfconConflictError | PfconRejectedError | PfconFaultError;

/**
 * The value that a successful answer carries.
 *
 * @throws {OutageError | PfconConflictError | PfconRejectedError | PfconFaultError}
 */
export function readAnswer<Schema extends z.ZodType>(
  answer: Answer,
  schema: Schema,
  attempt: string,
): z.infer<Schema> {
  if (!isSuccess(answer)) throw errorOf(answer, attempt);
  const parsed = schema.safeParse(jsonOf(answer.text));
  if (parsed.success) return parsed.data;
  throw notPfcon(answer, attempt);
}

/** Whether the request was carried out. */
export function isSuccess(answer: Answer): boolean {
  return answer.status >= 200 && answer.status < 300;
}

/** Whether pfcon itself (not something in between, or another server) says that there is no such job. */
export function isMissing(answer: Answer): boolean {
  return answer.status === 404 && ErrorBody.safeParse(jsonOf(answer.text)).success;
}

/**
 * What an answer without success means. Pages that pfcon does not make (a proxy's 5xx, a redirect, an unknown
 * path) point to the site, not to the job, and are outages.
 */
export function errorOf(answer: Answer, attempt: string): PfconError {
  const { status, text } = answer;
  const body = ErrorBody.safeParse(jsonOf(text));
  const detail = body.success ? detailOf(body.data.message) : text.slice(0, MAX_DETAIL);
  if (NOT_NOW.has(status)) return new OutageError("pfcon", attempt, { cause: `answer ${status}: ${detail}` });
  if (status === 401) {
    return new OutageError("pfcon", attempt, { cause: `a fresh token was refused: ${detail}` });
  }
  if (status === 409) return new PfconConflictError(attempt, detail);
  if (body.success && status >= 500) return new PfconFaultError(attempt, status, detail);
  const aboutTheRequest = status >= 400 && status < 500;
  const unknownPath = !body.success && (status === 404 || status === 405);
  if (aboutTheRequest && !unknownPath) return new PfconRejectedError(attempt, status, detail);
  return notPfcon(answer, attempt);
}

function notPfcon({ status, text }: Answer, attempt: string): OutageError {
  const start = text.slice(0, 200);
  return new OutageError("pfcon", attempt, {
    cause: `answer ${status} is not pfcon's, is PFCON_URL right? ${start}`,
  });
}

/** All texts of an error, each with its field. */
function detailOf(message: string | Record<string, unknown>): string {
  if (typeof message === "string") return message.slice(0, MAX_DETAIL);
  const texts = Object.entries(message).map(([field, text]) => {
    return `${field}: ${typeof text === "string" ? text : JSON.stringify(text)}`;
  });
  return texts.join("; ").slice(0, MAX_DETAIL);
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
