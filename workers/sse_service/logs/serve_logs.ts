import type { OpenAPIHono } from "@hono/zod-openapi";
import type { z } from "@zod/zod";
import type { TypedResponse } from "hono";
import type { LineMark, LogPage, LogStore, PageRequest } from "lib/log_store/log_store.ts";
import { SearchLimitError } from "lib/log_store/search_limits.ts";
import { callerOf } from "../auth/caller.ts";
import { errorBody } from "../http/app_error.ts";
import { cutAfter } from "../http/cut_after.ts";
import { decodeCursor, encodeCursor, LineCursor, type Listing } from "./cursor.ts";
import { download, fileName } from "./download.ts";
import { logDownloadRoute, logHistoryRoute, logSearchRoute } from "./routes.ts";
import type { LogHistoryQuery } from "./schemas.ts";
import { filterOf, search } from "./search.ts";

/** What the routes about logs need. */
export interface LogsContext {
  readonly logStore: Pick<LogStore, "page" | "read" | "search">;
  /** ms since 1970. */
  readonly now: () => number;
}

/** Lines of a page unless the client says otherwise. */
const PAGE_LINES = 1_000;

/** Adds the routes about logs. */
export function serveLogs(app: OpenAPIHono, { logStore, now }: LogsContext): void {
  app.openapi(logHistoryRoute, async (c) => {
    const { job_id } = c.req.valid("param");
    const query = c.req.valid("query");
    const listing = ["history", job_id, query.type, query.stream];
    const from = placeOf(query, listing);
    if (typeof from === "string") return c.json(cursorFault(from), 422);
    const limit = query.tail ?? query.limit ?? PAGE_LINES;
    const page = await logStore.page(job_id, { limit, from, ...filterOf(query) });
    const { total, offset, lines } = page;
    return c.json({
      job_id,
      total,
      offset,
      lines: lines.map(({ event }) => event),
      ...cursorsOf(page, listing),
    }, 200);
  });
  app.openapi(logSearchRoute, async (c) => {
    const { job_id } = c.req.valid("param");
    const query = c.req.valid("query");
    try {
      const found = await search(logStore, job_id, query);
      return found ? c.json(found, 200) : c.json(cursorFault("cursor"), 422);
    } catch (error) {
      if (!(error instanceof SearchLimitError)) throw error;
      c.header("Retry-After", "5");
      const advice = "search for something simpler, in one type, or try again later";
      return c.json(errorBody("search_too_slow", `the search takes more than it may: ${advice}`), 503);
    }
  });
  app.openapi(logDownloadRoute, async (c) => {
    const { job_id } = c.req.valid("param");
    const query = c.req.valid("query");
    const request = { jobId: job_id, timestamps: query.timestamps === "true", ...filterOf(query) };
    const headers = {
      "content-type": "text/plain; charset=utf-8",
      "content-disposition": `attachment; filename="${fileName(request)}"`,
      "cache-control": "no-store",
    };
    const body = await download(logStore, request);
    if (c.req.raw.method === "HEAD") {
      await body.cancel();
      return asText(new Response(null, { headers }));
    }
    const { expiresAtMs } = callerOf(c);
    return asText(
      new Response(expiresAtMs === null ? body : cutAfter(body, expiresAtMs - now()), { headers }),
    );
  });
}

/** A streamed text is one to the document as well. */
function asText(response: Response): Response & TypedResponse<string, 200, "text"> {
  return response as Response & TypedResponse<string, 200, "text">;
}

/** Where the page is, or the name of the cursor that is none. */
function placeOf(
  query: z.infer<typeof LogHistoryQuery>,
  listing: Listing,
): PageRequest["from"] | "after" | "before" {
  if (query.after !== undefined) {
    const after = markOf(query.after, listing);
    return after ? { after } : "after";
  }
  if (query.before !== undefined) {
    const before = markOf(query.before, listing);
    return before ? { before } : "before";
  }
  return query.tail === undefined ? { offset: query.offset ?? 0 } : { tail: true };
}

function markOf(cursor: string, listing: Listing): LineMark | null {
  const values = decodeCursor(LineCursor, listing, cursor);
  if (!values) return null;
  const [entryId, eventId, offset, total, countedTo] = values;
  return { entryId, eventId, offset, total, countedTo };
}

function cursorsOf({ lines, offset, total, countedTo }: LogPage, listing: Listing) {
  const cursorAt = (index: number) => {
    const stored = lines[index];
    if (!stored) return null;
    return encodeCursor(listing, [stored.entryId, stored.event.event_id, offset + index, total, countedTo]);
  };
  return {
    next: offset + lines.length < total ? cursorAt(lines.length - 1) : null,
    prev: offset > 0 ? cursorAt(0) : null,
  };
}

function cursorFault(field: string) {
  const message =
    "not a cursor of this listing: expected one from an answer about the same job, with the same filters";
  return errorBody("invalid_request", `${field}: ${message}`, [{ field, message }]);
}
