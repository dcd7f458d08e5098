/**
 * The sentences that every log store must pass. Registers tests; used by tests only.
 *
 * @module
 */
import type { LogStoreServer } from "./suite/entries.ts";
import { EXACTNESS } from "./suite/exactness.ts";
import { FAULTS } from "./suite/faults.ts";
import { PAGES } from "./suite/pages.ts";
import { RANGES } from "./suite/ranges.ts";
import { SEARCHES } from "./suite/searches.ts";

/** Tests that process start order does not matter, which need a server that nobody prepared. */
const UNPREPARED = /^G16 /;

/** Registers the tests for one kind of store; `start` gives each test a server of its own. */
export function describeLogStore(kind: string, start: () => Promise<LogStoreServer>): void {
  for (
    const [sentence, body] of Object.entries({ ...RANGES, ...PAGES, ...SEARCHES, ...EXACTNESS, ...FAULTS })
  ) {
    Deno.test(`${sentence} (${kind})`, async () => {
      await using server = await start();
      await using store = server.open();
      if (!UNPREPARED.test(sentence)) await store.prepare();
      await body(store, server);
    });
  }
}
