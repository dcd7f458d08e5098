import { assert, assertEquals, assertThrows } from "@std/assert";
import { ConfigError } from "../run/config.ts";
import { openLogStore } from "./open_log_store.ts";
import { PostgresLogStore } from "./postgres.ts";
import { QuickwitLogStore } from "./quickwit.ts";

Deno.test("openLogStore() opens the store of the settings without asking it anything", async () => {
  await using postgres = openLogStore({
    LOG_STORE: "postgres",
    DB_DSN: "postgres://user:secret@nowhere:1/logs",
  });
  assert(postgres instanceof PostgresLogStore);
  await using quickwit = openLogStore({ LOG_STORE: "quickwit", QUICKWIT_URL: "http://nowhere:7280" });
  assert(quickwit instanceof QuickwitLogStore);
  assertEquals(quickwit.index, "job-logs");
});

Deno.test("openLogStore() names the setting that is missing", () => {
  assertThrows(() => openLogStore({ LOG_STORE: "postgres" }), ConfigError, "DB_DSN is not set");
  assertThrows(() => openLogStore({ LOG_STORE: "quickwit" }), ConfigError, "QUICKWIT_URL is not set");
});
