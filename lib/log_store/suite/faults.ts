/**
 * What a store does when something is wrong.
 *
 * @module
 */
import { assertEquals, assertRejects } from "@std/assert";
import { OutageError } from "../../run/outage_error.ts";
import { until } from "../../testing/until.ts";
import { UnstorableLogError } from "../unstorable_log_error.ts";
import { idsOf, pageAt, readAll, type Sentences, storedLog } from "./entries.ts";

/** Outages, several processes, events that cannot be stored. */
export const FAULTS: Sentences = {
  "G8 while the server is away everything is an outage, and afterwards works again": async (
    store,
    server,
  ) => {
    await store.write([storedLog("1-0")]);
    await server.stop();
    await assertRejects(() => store.write([storedLog("2-0")]), OutageError, "Cannot store 1 log lines");
    await assertRejects(() => readAll(store, "job"), OutageError, 'Cannot read the log of "job"');
    await assertRejects(() => pageAt(store, "job", { limit: 1, offset: 0 }), OutageError);
    await assertRejects(() => store.ping(), OutageError);
    await assertRejects(() => store.prepare(), OutageError);
    await server.start();
    await until("answering", () => store.ping().then(() => true, () => false));
    await store.write([storedLog("2-0")]);
    assertEquals(idsOf(await readAll(store, "job")), ["1-0", "2-0"]);
  },
  "what write() has resolved for is found by another process at once": async (store, server) => {
    await using other = server.open();
    for (let n = 1; n <= 10; n++) {
      await store.write([storedLog(`${n}-0`)]);
      assertEquals((await readAll(other, "job")).length, n);
    }
    await store.write([]);
    assertEquals((await pageAt(other, "job", { limit: 1, offset: 0 })).total, 10);
  },
  "G9 an event that can never be stored is refused as such, and the others go in without it": async (
    store,
  ) => {
    const monster = storedLog("2-0", { job_id: "j".repeat(3_000) });
    await assertRejects(() => store.write([storedLog("1-0"), monster]), UnstorableLogError, "3000 bytes");
    await store.write([storedLog("1-0")]);
    assertEquals(idsOf(await readAll(store, "job")), ["1-0"]);
  },
  "G16 any number of processes may prepare at once, and again": async (_, server) => {
    await using stack = new AsyncDisposableStack();
    const stores = Array.from({ length: 8 }, () => stack.use(server.open()));
    await Promise.all(stores.map((store) => store.prepare()));
    await Promise.all(stores.map((store, n) => store.write([storedLog(`${n + 1}-0`)])));
    for (const store of stores) await store.prepare();
    for (const store of stores) assertEquals((await readAll(store, "job")).length, 8);
  },
};
