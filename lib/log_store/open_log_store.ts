import { ConfigError } from "../run/config.ts";
import type { LogStore } from "./log_store.ts";
import { PostgresLogStore } from "./postgres.ts";
import { QuickwitLogStore } from "./quickwit.ts";

/** Which log store, and where (`logStoreSettings`). */
export interface LogStoreConfig {
  readonly LOG_STORE: "postgres" | "quickwit";
  readonly DB_DSN?: string | undefined;
  readonly QUICKWIT_URL?: string | undefined;
  readonly QUICKWIT_INDEX?: string | undefined;
}

/**
 * The log store of the settings. Nothing is sent yet: it may come up later.
 *
 * @throws {ConfigError} if the settings of the chosen store are missing.
 */
export function openLogStore(config: LogStoreConfig): LogStore {
  const { LOG_STORE, DB_DSN, QUICKWIT_URL, QUICKWIT_INDEX } = config;
  if (LOG_STORE === "postgres" && DB_DSN) return new PostgresLogStore(DB_DSN);
  if (LOG_STORE === "quickwit" && QUICKWIT_URL) {
    return new QuickwitLogStore(QUICKWIT_URL, QUICKWIT_INDEX || "job-logs");
  }
  const name = LOG_STORE === "postgres" ? "DB_DSN" : "QUICKWIT_URL";
  throw new ConfigError([`${name} is not set: expected an address, as LOG_STORE is ${LOG_STORE}`]);
}
