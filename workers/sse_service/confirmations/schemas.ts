/**
 * Confirmations in requests and answers (http.md).
 *
 * @module
 */
import { z } from "@hono/zod-openapi";
import { StatusEvent } from "lib/event/status.ts";
import { wholeNumber } from "../http/query_fields.ts";

/** Which page of the confirmations. */
export const ConfirmationsQuery = z.strictObject({
  after: wholeNumber({ max: Number.MAX_SAFE_INTEGER, fallback: 0 }).openapi({
    description: "Only confirmations behind this number: `next` of the last page, 0 for all there are.",
  }),
  limit: wholeNumber({ min: 1, max: 1_000, fallback: 100 }).openapi({
    description: "Most confirmations of the page.",
  }),
  wait: wholeNumber({ max: 25, fallback: 0 }).openapi({
    description: "Seconds that the answer may wait for a confirmation if there is none yet.",
  }),
});

/** A confirmation with its number. */
export const ConfirmationView = StatusEvent.extend({
  seq: z.int().openapi({ description: "Its number: grows in the order of commits, never used twice." }),
}).openapi("Confirmation");

/** A page of the confirmations. */
export const Confirmations = z.object({
  confirmations: z.array(ConfirmationView),
  next: z.int().openapi({
    description: "What to give as `after` the next time, also when the page is empty.",
  }),
}).openapi("Confirmations", {
  example: {
    confirmations: [{
      seq: 1768478400000123,
      event_id: "0f1e2d3c4b5a69788796a5b4",
      job_id: "chris-jid-42",
      job_type: "plugin",
      status: "confirmed_finishedSuccessfully",
      previous_status: "finishedSuccessfully",
      image: "ghcr.io/fnndsc/pl-simpledsapp:2.1.0",
      cmd: "simpledsapp --dummyFloat 3.5 /share/incoming /share/outgoing",
      message: "confirmed",
      exit_code: 0,
      timestamp: "2026-01-15T12:00:07.250000+00:00",
      source: "docker",
    }],
    next: 1768478400000123,
  },
});
