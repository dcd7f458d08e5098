/**
 * The URLs about dead letters, with what goes in and what comes out (http.md, G9).
 *
 * @module
 */
import { createRoute } from "@hono/zod-openapi";
import { bodyFaults, faults, json } from "../http/responses.ts";
import { ErrorBody } from "../http/schemas.ts";
import {
  DiscardResult,
  DryRunQuery,
  LetterList,
  LetterListQuery,
  LetterPath,
  LettersPath,
  LetterView,
  RequeueBody,
  RequeueOneBody,
  RequeueResult,
} from "./schemas.ts";

const tags = ["Dead letters"];
const missing = { 404: json(ErrorBody, "There is no such letter, or no longer") };

/** Dead letters in pages. */
export const listLettersRoute = createRoute({
  method: "get",
  path: "/api/dlq/{kind}",
  operationId: "listLetters",
  tags,
  summary: "Dead letters in pages, oldest first",
  description:
    "Entries of the status or log streams that could never be handled. They stay, with their original " +
    "bytes and the reason, until somebody puts them back or throws them away.",
  request: { params: LettersPath, query: LetterListQuery },
  responses: { 200: json(LetterList, "The page"), ...faults },
});

/** One dead letter. */
export const getLetterRoute = createRoute({
  method: "get",
  path: "/api/dlq/{kind}/{id}",
  operationId: "getLetter",
  tags,
  summary: "A dead letter with its original bytes",
  request: { params: LetterPath },
  responses: { 200: json(LetterView, "The letter"), ...missing, ...faults },
});

/** Several dead letters back. */
export const requeueRoute = createRoute({
  method: "post",
  path: "/api/dlq/{kind}/requeue",
  operationId: "requeueLetters",
  tags,
  summary: "Put dead letters back into the streams they came from",
  description:
    "Each once, however many ask for it at the same time; those of a job in order. A letter that would " +
    "overtake another one of its job, or would only be dead-lettered again, is refused.",
  request: {
    params: LettersPath,
    query: DryRunQuery,
    body: { required: true, content: { "application/json": { schema: RequeueBody } } },
  },
  responses: { 200: json(RequeueResult, "What became of them"), ...bodyFaults, ...faults },
});

/** One dead letter back. */
export const requeueOneRoute = createRoute({
  method: "post",
  path: "/api/dlq/{kind}/{id}/requeue",
  operationId: "requeueLetter",
  tags,
  summary: "Put a dead letter back into the stream it came from",
  request: {
    params: LetterPath,
    query: DryRunQuery,
    body: { required: false, content: { "application/json": { schema: RequeueOneBody } } },
  },
  responses: {
    200: json(RequeueResult, "It is back (with those that were taken along)"),
    ...missing,
    409: json(ErrorBody, "It was refused; the message says why"),
    ...bodyFaults,
    ...faults,
  },
});

/** One dead letter away. */
export const discardLetterRoute = createRoute({
  method: "delete",
  path: "/api/dlq/{kind}/{id}",
  operationId: "discardLetter",
  tags,
  summary: "Throw a dead letter away for good",
  request: { params: LetterPath, query: DryRunQuery },
  responses: { 200: json(DiscardResult, "It is gone; this is what it was"), ...missing, ...faults },
});
