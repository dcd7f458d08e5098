/**
 * A service with something in it, for requests that get past "not found".
 *
 * @module
 */
import { readEvents, type SseBench, startSseBench, statusOf } from "../integration/sse_bench.ts";
import { until } from "lib/testing/until.ts";
import { startWorker } from "../bench/pipeline/worker.ts";
import { freePort } from "../../deploy/dev/services/free_port.ts";
import { credentials, TRUST } from "./credentials.ts";
import type { Known } from "./requests.ts";

/** The service's address, and what is there. */
export interface FuzzTarget extends AsyncDisposable {
  readonly origin: string;
  readonly known: Known;
}

const PARAMS = { image: "image", entrypoint: ["run"], args: ["--x"] };

/**
 * Starts the service, as a process with its permissions, on servers of its own with jobs, lines, and dead letters.
 * `tokens`: whether it asks for tokens.
 */
export async function startFuzzTarget({ tokens }: { tokens: boolean }): Promise<FuzzTarget> {
  await using stack = new AsyncDisposableStack();
  const bench = stack.use(await startSseBench());
  const port = freePort();
  stack.use(
    await startWorker("sse_service", {
      REDIS_URL: bench.redisUrl,
      DB_DSN: bench.dsn,
      LOG_STORE: "postgres",
      STREAM_NUM_SHARDS: "2",
      HOST: "127.0.0.1",
      PORT: String(port),
      LOG_LEVEL: "error",
      ...(tokens ? TRUST : {}),
    }),
  );
  const jobs = ["fuzz-1", "fuzz-2", "fuzz-3"];
  for (const job of jobs) {
    const headers = { "content-type": "application/json" };
    const body = JSON.stringify(PARAMS);
    const answer = await fetch(`${bench.url}/api/jobs/${job}/run`, { method: "POST", headers, body });
    await answer.body?.cancel();
    if (answer.status !== 202) throw new Error(`Cannot submit job "${job}": answer ${answer.status}`);
    await bench.writeLines(job, 300);
    for (const [at, step] of (["copy", "plugin"] as const).entries()) {
      await bench.tellStatus(statusOf(job, step, "started", at * 10));
      await bench.tellStatus(statusOf(job, step, "finishedSuccessfully", at * 10 + 5));
    }
  }
  const letters = [];
  for (const base of ["status", "logs"]) {
    const fields = [
      "data",
      "no event",
      "reason",
      "decode",
      "error",
      "no JSON",
      "original_stream",
      `stream:job-${base}:0`,
    ];
    letters.push(
      await bench.redis.xadd(`stream:job-${base}-dlq`, "*", ...fields, "original_id", "1-1") ?? "",
    );
  }
  await until("lines are stored", async () => {
    const answer = await fetch(`${bench.url}/logs/fuzz-3/history?limit=1`);
    return (await answer.json()).total === 300;
  });
  const places = await placesIn(bench, jobs[0] ?? "");
  const owned = stack.move();
  return {
    origin: `http://127.0.0.1:${port}`,
    known: {
      values: { job_id: jobs, id: letters, kind: ["status", "logs", "workflow", "all"], ...places },
      credentials: tokens ? await credentials("fuzz-1") : [],
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** Values of the parameters that say where to go on: those of one listing are tried on the others as well. */
async function placesIn({ url }: SseBench, job: string): Promise<Known["values"]> {
  const lists = [
    `/logs/${job}/history?limit=2`,
    `/logs/${job}/search?q=1&limit=2`,
    "/api/jobs?limit=1",
    "/api/confirmations?limit=2",
  ];
  const cursors = await Promise.all(
    lists.map(async (list) => String((await (await fetch(url + list)).json()).next)),
  );
  const isOver = ({ event }: { event?: string | undefined }) => event === "caught-up";
  const ids = (await readEvents(`${url}/events/${job}/all`, { enough: isOver })).flatMap(({ id }) =>
    id ?? []
  );
  const events = ids.filter((_, at) => at % 40 === 0);
  return { after: cursors, before: cursors, cursor: cursors, last_event_id: events, "Last-Event-ID": events };
}
