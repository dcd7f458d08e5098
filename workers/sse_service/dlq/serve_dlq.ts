import type { OpenAPIHono } from "@hono/zod-openapi";
import type { LetterFilter } from "lib/stream/dead_letters/letter_filter.ts";
import { letterJson, listedLetterJson } from "lib/stream/dead_letters/letter_json.ts";
import type { LetterKind } from "lib/stream/dead_letters/letter_sources.ts";
import { givenTime } from "lib/run/given_time.ts";
import { callerOf } from "../auth/caller.ts";
import { errorBody } from "../http/app_error.ts";
import { inTime } from "./in_time.ts";
import { LetterDesk, type LetterDeskOptions } from "./letter_desk.ts";
import { letterPage } from "./letter_page.ts";
import {
  discardLetterRoute,
  getLetterRoute,
  listLettersRoute,
  requeueOneRoute,
  requeueRoute,
} from "./routes.ts";

/** What the routes about dead letters need. */
export interface DlqContext extends LetterDeskOptions {
  /** ms since 1970. */
  readonly now: () => number;
}

/** Which letters a request means. */
interface FilterFields {
  readonly ids?: readonly string[] | undefined;
  readonly job?: string | undefined;
  readonly reason?: string | undefined;
  readonly origin?: string | undefined;
  readonly since?: string | undefined;
  readonly until?: string | undefined;
}

/** Adds the routes about dead letters. */
export function serveDlq(app: OpenAPIHono, context: DlqContext): void {
  const desk = new LetterDesk(context);
  serveReading(app, desk, context.now);
  servePuttingBack(app, desk, context.now);
  app.openapi(discardLetterRoute, async (c) => {
    const { kind, id } = c.req.valid("param");
    const { dry_run: dryRun } = c.req.valid("query");
    const done = await desk.throwAway(kind, callerOf(c).subject, { id, dryRun });
    if (!done) return c.json(noLetter(kind, id), 404);
    const letter = letterJson(kind, done.letter);
    return c.json({ outcome: "discarded" as const, dry_run: dryRun, letter }, 200);
  });
}

function serveReading(app: OpenAPIHono, desk: LetterDesk, now: () => number): void {
  app.openapi(listLettersRoute, async (c) => {
    const { kind } = c.req.valid("param");
    const { after, limit, ...fields } = c.req.valid("query");
    const page = letterPage(desk.letters(kind), filterOf(fields, now()), { after, limit });
    const { letters, next } = await inTime("list dead letters", page);
    return c.json({ letters: letters.map((letter) => listedLetterJson(kind, letter)), next }, 200);
  });
  app.openapi(getLetterRoute, async (c) => {
    const { kind, id } = c.req.valid("param");
    const letter = await inTime("read a dead letter", desk.letters(kind).find(id));
    return letter ? c.json(letterJson(kind, letter), 200) : c.json(noLetter(kind, id), 404);
  });
}

function servePuttingBack(app: OpenAPIHono, desk: LetterDesk, now: () => number): void {
  app.openapi(requeueRoute, async (c) => {
    const { kind } = c.req.valid("param");
    const { limit, with_earlier, force, dry_run, all: _, ...fields } = c.req.valid("json");
    const tally = await desk.putBack(kind, callerOf(c).subject, {
      filter: filterOf(fields, now()),
      ...(limit === undefined ? {} : { limit }),
      withEarlier: with_earlier,
      force,
      dryRun: dry_run || c.req.valid("query").dry_run,
    });
    return c.json(tally.result(), 200);
  });
  app.openapi(requeueOneRoute, async (c) => {
    const { kind, id } = c.req.valid("param");
    const { with_earlier = false, force = false, dry_run = false } = c.req.valid("json") ?? {};
    const tally = await desk.putBack(kind, callerOf(c).subject, {
      filter: { ids: [id] },
      withEarlier: with_earlier,
      force,
      dryRun: dry_run || c.req.valid("query").dry_run,
    });
    const own = tally.last; // those taken along come before
    if (own?.outcome === "requeued") return c.json(tally.result(), 200);
    if (own?.outcome !== "refused") return c.json(noLetter(kind, id), 404);
    return c.json(errorBody("refused", `letter ${id} was not put back: ${own.why}`), 409);
  });
}

function filterOf({ ids, job, reason, origin, since, until }: FilterFields, now: number): LetterFilter {
  const [from, to] = [since, until].map((text) => text === undefined ? null : givenTime(text, now));
  return {
    ...(ids ? { ids } : {}),
    ...(job === undefined ? {} : { jobId: job }),
    ...(reason === undefined ? {} : { reason }),
    ...(origin === undefined ? {} : { origin }),
    ...(from === null || from === undefined ? {} : { since: from }),
    ...(to === null || to === undefined ? {} : { until: to }),
  };
}

function noLetter(kind: LetterKind, id: string) {
  return errorBody("not_found", `there is no dead letter ${id} of ${kind}`);
}
