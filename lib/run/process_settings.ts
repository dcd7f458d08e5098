/**
 * Settings that every process has.
 *
 * @module
 */
import { z } from "@zod/zod";
import { int } from "./config.ts";

/** Spread into each worker's `Config`. */
export const processSettings = {
  LOG_LEVEL: z.enum(["debug", "info", "warn", "error"]).default("info").describe(
    "Least severe log lines written.",
  ),
  HEALTH_PORT: int(0, 65_535).optional().describe(
    "Port of `GET /health`, `GET /ready` and `GET /metrics`; 0 picks a free one, not set: none of them.",
  ),
  HEALTH_HOST: z.string().default("127.0.0.1").describe("Address the health server binds to."),
  SHUTDOWN_GRACE_SECONDS: int(0, 3_600).default(25).describe(
    "Longest time from SIGTERM to the exit; work still unfinished then is given up.",
  ),
};
