/**
 * Which log store, and where.
 *
 * @module
 */
import { z } from "@zod/zod";
import { address } from "../run/config.ts";

/** Spread into the `Config` of every worker that writes or reads logs. */
export const logStoreSettings = {
  LOG_STORE: z.enum(["quickwit", "postgres"]).default("quickwit").describe("Where log lines are kept."),
  DB_DSN: address("postgres", "postgresql").optional().describe(
    "Postgres, `postgresql://user:password@host:5432/database`; needed where the worker or `LOG_STORE` uses it.",
  ),
  QUICKWIT_URL: address("http", "https").default("http://quickwit:7280").describe("Quickwit's REST address."),
  QUICKWIT_INDEX: z.string().regex(/^[a-zA-Z][a-zA-Z0-9-_]{2,254}$/, {
    error: "expected a letter, then letters, digits, - or _",
  }).default("job-logs").describe("Quickwit's index of log lines."),
};

/** What is wrong with log store settings that are well by themselves. */
export function logStoreFaults(config: { LOG_STORE: string; DB_DSN?: string | undefined }): string[] {
  if (config.LOG_STORE !== "postgres" || config.DB_DSN !== undefined) return [];
  return ["DB_DSN is not set: expected an address that starts with postgresql://, as LOG_STORE is postgres"];
}
