/**
 * A process that works on a queue as a task worker does, for tests that kill it: it says which tasks it begins
 * and never ends one. Arguments: address of the broker, queue, milliseconds after which its silence counts.
 *
 * @module
 */
import { z } from "@zod/zod";
import { createLogger } from "lib/run/log.ts";
import { openRedis } from "lib/stream/open_redis.ts";
import { taskWorker } from "lib/task/queue.ts";

const [url = "", queue = "", lockMs = ""] = Deno.args;
const log = createLogger("probe", "info");
await using broker = openRedis(url, { name: "probe", log });
const worker = taskWorker(broker, queue, {
  schema: z.object({ n: z.number() }),
  handler: ({ n }) => {
    log.info({ n }, "begun");
    return new Promise(() => {});
  },
  concurrency: 1,
  lockMs: Number(lockMs),
  log,
});
await worker.run(new AbortController().signal);
