import type { OpenAPIHono } from "@hono/zod-openapi";
import {
  type ConfirmationQuery,
  listConfirmations,
  newestConfirmation,
  type NumberedConfirmation,
  UnknownNumberError,
} from "lib/store/confirmations.ts";
import type { Sql } from "lib/store/open.ts";
import { callerOf, mayRead } from "../auth/caller.ts";
import { InvalidTokenError } from "../auth/invalid_token_error.ts";
import { errorBody } from "../http/app_error.ts";
import { NewConfirmations } from "./new_confirmations.ts";
import { confirmationsRoute } from "./routes.ts";

/** What the route about confirmations needs. */
export interface ConfirmationsContext {
  readonly sql: Sql;
  /** Ends all waiting. */
  readonly stopping: AbortSignal;
  /** ms since 1970. */
  readonly now: () => number;
}

/** Adds the route about confirmations. */
export function serveConfirmations(app: OpenAPIHono, { sql, stopping, now }: ConfirmationsContext): void {
  const coming = new NewConfirmations(() => newestConfirmation(sql));
  app.openapi(confirmationsRoute, async (c) => {
    const caller = callerOf(c);
    const { wait, ...query } = c.req.valid("query");
    try {
      const page = await pageOf(query, wait * 1_000, caller.expiresAtMs ?? Infinity);
      const shown = page.filter(({ event }) => mayRead(caller, event.job_id));
      return c.json({
        confirmations: shown.map(({ seq, event }) => ({ seq, ...event })),
        next: page.at(-1)?.seq ?? query.after,
      }, 200);
    } catch (error) {
      if (error instanceof UnknownNumberError) {
        return c.json(errorBody("unknown_number", error.message), 409);
      }
      throw error;
    }
  });

  async function pageOf(
    query: ConfirmationQuery,
    waitMs: number,
    expiresAtMs: number,
  ): Promise<NumberedConfirmation[]> {
    const page = await listConfirmations(sql, query);
    if (page.length > 0 || waitMs === 0) return page;
    const over = AbortSignal.timeout(Math.max(0, Math.min(waitMs, expiresAtMs - now())));
    await coming.behind(query.after, AbortSignal.any([stopping, over]));
    if (now() >= expiresAtMs) throw new InvalidTokenError("the token has expired", { code: "token_expired" });
    return await listConfirmations(sql, query);
  }
}
