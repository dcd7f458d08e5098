/**
 * Dead letters in requests and answers (http.md). Names and meanings are those of `deno task dlq`.
 *
 * @module
 */
import { z } from "@hono/zod-openapi";
import { LETTER_KINDS } from "lib/stream/dead_letters/letter_sources.ts";
import { givenTime } from "lib/run/given_time.ts";
import { flag, searchedText, wholeNumber } from "../http/query_fields.ts";

/** The highest second part that an entry id can have. */
const MAX_SEQ = 2n ** 64n - 1n;
const ID_EXAMPLE = "1768478400000-0";

const LetterId = z.string().transform((text, context) => {
  const [, ms, seq = "0"] = /^(\d{1,15})(?:-(\d{1,20}))?$/.exec(text) ?? [];
  if (ms !== undefined && BigInt(seq) <= MAX_SEQ) return `${ms}-${seq}`;
  context.addIssue({ code: "custom", message: `expected the id of a letter, such as ${ID_EXAMPLE}` });
  return z.NEVER;
}).openapi({ type: "string", pattern: "^\\d{1,15}(-\\d{1,20})?$", example: ID_EXAMPLE });

const LetterTime = z.string().refine((text) => text === "" || givenTime(text, 0) !== null, {
  error: "expected 2026-01-15T10:00:00Z, or 90s, 30m, 2h, 7d",
}).transform((text) => text === "" ? undefined : text).optional();

/** Which letters are meant: all that is given must hold. */
const filterFields = {
  job: searchedText.openapi({ description: "Of this job." }),
  reason: searchedText.openapi({ description: "With this text in reason or error, in any case." }),
  origin: searchedText.openapi({ description: "From this stream.", example: "stream:job-logs:3" }),
  since: LetterTime.openapi({
    description: "Dead-lettered at this time or later, or so long before now.",
    example: "2h",
  }),
  until: LetterTime.openapi({
    description: "Dead-lettered before this time.",
    example: "2026-01-15T10:00:00Z",
  }),
};

/** Whose dead letters. */
export const LettersPath = z.object({
  kind: z.enum(LETTER_KINDS).openapi({ param: { name: "kind", in: "path" }, example: "status" }),
});

/** One dead letter. */
export const LetterPath = LettersPath.extend({
  id: LetterId.openapi({ param: { name: "id", in: "path" } }),
});

/** Which page of the dead letters. */
export const LetterListQuery = z.strictObject({
  ...filterFields,
  after: z.union([z.literal("").transform(() => undefined), LetterId]).optional().openapi({
    type: "string",
    description: "`next` of the page before.",
  }),
  limit: wholeNumber({ min: 1, max: 500, fallback: 100 }).openapi({
    description: "Most letters of the page.",
  }),
});

/** `?dry_run=true`: tell what would happen, and change nothing. */
export const DryRunQuery = z.strictObject({
  dry_run: flag.openapi({ description: "Tell what would happen, change nothing." }),
});

const requeueFields = {
  with_earlier: z.boolean().default(false).openapi({
    description: "Take along earlier letters of the same jobs, which would be overtaken.",
  }),
  force: z.boolean().default(false).openapi({
    description: "Put back also what consumers would not understand (it will be dead-lettered again).",
  }),
  dry_run: z.boolean().default(false).openapi({ description: "As in the query; either is enough." }),
};

/** How one letter goes back. */
export const RequeueOneBody = z.strictObject(requeueFields).openapi("RequeueOne", {
  example: { with_earlier: true },
});

/** Which letters go back, and how. */
export const RequeueBody = z.strictObject({
  all: z.boolean().default(false).openapi({ description: "Every letter. Not together with a filter." }),
  ids: z.array(LetterId).min(1).max(1_000).optional().openapi({ description: "These letters." }),
  ...filterFields,
  limit: z.int().min(1).max(1_000_000).optional().openapi({ description: "Only the first so many of them." }),
  ...requeueFields,
}).superRefine(({ all, ids, job, reason, origin, since, until }, context) => {
  const filtered = [ids, job, reason, origin, since, until].some((field) => field !== undefined);
  if (all !== filtered) return;
  context.addIssue({
    code: "custom",
    path: ["all"],
    message: "expected to be told which letters are meant, or all: true, and not both",
  });
}).openapi("Requeue", { example: { job: "chris-jid-42", since: "2h", dry_run: true } });

const head = {
  stream: z.enum(LETTER_KINDS),
  id: z.string().openapi({ description: "Begins with the time of dead-lettering (ms since 1970)." }),
  job_id: z.string().nullable().openapi({ description: "The job that its bytes name." }),
  origin_stream: z.string(),
  origin_id: z.string(),
  fault: z.string().nullable().openapi({
    description: "Why it would not be understood today; null if it would.",
  }),
  size: z.int().openapi({ description: "Of the original bytes." }),
};

/** A dead letter in a list: without its bytes. */
export const ListedLetterView = z.object({
  ...head,
  reason: z.string(),
  error: z.string().nullable(),
  deliveries: z.int().nullable(),
  first_seen: z.int().nullable().openapi({ description: "ms since 1970." }),
  ts: z.int().openapi({ description: "When it was dead-lettered (ms since 1970)." }),
}).openapi("ListedLetter");

/** A page of dead letters. */
export const LetterList = z.object({
  letters: z.array(ListedLetterView),
  next: z.string().nullable().openapi({
    description:
      "Where the next page begins; null at the end. A filter may leave a short page, even an empty one, " +
      "that is not the end: only `next` tells.",
  }),
}).openapi("LetterList");

/** A whole dead letter. */
export const LetterView = ListedLetterView.extend({
  data: z.string().optional().openapi({ description: "The original bytes, if they are text (UTF-8)." }),
  data_base64: z.string().optional().openapi({ description: "The original bytes, if they are no text." }),
}).openapi("Letter");

/** What became of a letter, or would in a dry run. */
export const RequeueOutcome = z.object({
  outcome: z.enum(["requeued", "gone", "refused"]).openapi({
    description: "`gone`: somebody else has put it back or thrown it away meanwhile.",
  }),
  ...head,
  entry_id: z.string().nullable().openapi({ description: "Id of its new entry." }),
  why: z.string().nullable().openapi({ description: "Why it was refused." }),
});

/** What became of letters. */
export const RequeueResult = z.object({
  dry_run: z.boolean(),
  counts: z.object({ requeued: z.int(), gone: z.int(), refused: z.int() }),
  outcomes: z.array(RequeueOutcome).openapi({ description: "Of the first 1,000 letters." }),
  outcomes_left_out: z.int(),
}).openapi("RequeueResult");

/** What became of a letter that was to be thrown away: its bytes are nowhere else from now on. */
export const DiscardResult = z.object({
  outcome: z.literal("discarded"),
  dry_run: z.boolean(),
  letter: LetterView,
}).openapi("DiscardResult");
