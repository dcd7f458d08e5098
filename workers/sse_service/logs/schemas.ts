/**
 * Logs in requests and answers (http.md).
 *
 * @module
 */
import { z } from "@hono/zod-openapi";
import { LogEvent } from "lib/event/log.ts";
import { JobType } from "lib/event/status.ts";
import { parsePattern } from "lib/log_store/pattern/parse_pattern.ts";
import { PatternError } from "lib/log_store/pattern/pattern.ts";
import { MAX_CURSOR_CHARS } from "./cursor.ts";

/** A whole number in a query: digits and nothing else. */
function wholeNumber(least: number, most: number, description: string) {
  const range = `expected a whole number from ${least} to ${most}`;
  return z.string().regex(/^\d{1,12}$/, range).transform(Number).pipe(
    z.int(range).min(least, range).max(most, range),
  ).openapi({ type: "integer", minimum: least, maximum: most, description });
}

const flag = (description: string) =>
  z.enum(["true", "false"]).default("false").openapi({ description, example: "true" });
const cursor = (description: string) =>
  z.string().min(1).max(MAX_CURSOR_CHARS).optional().openapi({ description });
const filters = {
  type: JobType.optional().openapi({
    description: "Only lines of this step's containers",
    example: "plugin",
  }),
  stream: z.enum(["stdout", "stderr"]).optional().openapi({
    description: "Only lines written to this stream, where the runtime tells them apart",
  }),
};
const WAYS = ["offset", "after", "before", "tail"] as const;

/** Which page of a log: by `offset`, the last ones (`tail`), or the ones beside a cursor. */
export const LogHistoryQuery = z.object({
  limit: wholeNumber(1, 10_000, "Lines of the page at most; long lines make a page shorter (default 1000)")
    .optional(),
  offset: wholeNumber(0, 1_000_000_000, "Lines to skip from the first one (default 0); cursors are cheaper")
    .optional(),
  tail: wholeNumber(1, 10_000, "The last lines, as many as this").optional(),
  after: cursor("`next` of another page: the lines that follow it"),
  before: cursor("`prev` of another page: the lines that precede it"),
  ...filters,
}).superRefine((query, context) => {
  const given = WAYS.filter((way) => query[way] !== undefined);
  for (const way of given.length > 1 ? given : []) {
    context.addIssue({
      code: "custom",
      path: [way],
      message: `expected one of ${WAYS.join(", ")}, not several`,
    });
  }
  if (query.tail !== undefined && query.limit !== undefined) {
    context.addIssue({ code: "custom", path: ["tail"], message: "expected tail or limit, not both" });
  }
});

/** One page of a job's log, oldest first. */
export const LogHistory = z.object({
  job_id: z.string().openapi({ example: "chris-jid-42" }),
  total: z.int().openapi({ description: "Lines there are (of `type` and `stream`)", example: 1_000_000 }),
  offset: z.int().openapi({
    description:
      "Lines before the first one of these; without `type` and `stream`, lines[i] is line offset + i + 1",
    example: 999_000,
  }),
  lines: z.array(LogEvent),
  next: z.string().nullable().openapi({
    description: "Cursor for `after`; null if there are no more lines now",
  }),
  prev: z.string().nullable().openapi({ description: "Cursor for `before`; null on the first page" }),
}).openapi("LogHistory");

/** What is searched for. */
export const LogSearchQuery = z.strictObject({
  q: z.string().min(1).max(1_000).openapi({
    description:
      "A text, or with `regex=true` a regular expression: characters, . [ ] \\d \\w \\s \\b ^ $ | ( ) " +
      "* + ? {n,m}; no back-references and no look-around. NUL is found as \u2400.",
    example: "connection refused",
  }),
  regex: flag("Whether `q` is a regular expression"),
  ignore_case: flag("Whether letters are found in either case"),
  limit: wholeNumber(1, 1_000, "Matches of the page at most; long lines make a page shorter (default 100)")
    .optional(),
  cursor: cursor("`next` of the page before, with the same `q`, `regex`, `ignore_case`, `type` and `stream`"),
  ...filters,
}).superRefine(({ q, regex }, context) => {
  if (regex !== "true") return;
  try {
    parsePattern(q);
  } catch (error) {
    if (!(error instanceof PatternError)) throw error;
    context.addIssue({ code: "custom", path: ["q"], message: error.message });
  }
});

/** One page of matches, oldest first. */
export const LogSearch = z.object({
  job_id: z.string().openapi({ example: "chris-jid-42" }),
  total: z.int().openapi({ description: "Matching lines of the whole log, counted with the first page" }),
  total_is_exact: z.boolean().openapi({
    description: "False if counting took too long: then there are at least `total`",
  }),
  matches: z.array(z.object({
    line_number: z.int().openapi({
      description: "Counted from 1 over all lines of the job, whatever `type` and `stream`",
      example: 1_742,
    }),
    line: LogEvent,
  })),
  next: z.string().nullable().openapi({ description: "Cursor for the next page; null after the last match" }),
}).openapi("LogSearch");

/** What is downloaded. */
export const LogDownloadQuery = z.strictObject({
  timestamps: flag("Whether each line begins with its time and a space"),
  ...filters,
});
