/**
 * What a few real jobs cost in calls, from acceptance to cleanup.
 *
 * @module
 */
import { WORKER_NAMES } from "lib/run/permissions.ts";
import { tempPostgres, tempRedis } from "lib/testing/servers.ts";
import { until } from "lib/testing/until.ts";
import { PfconDevConfig, startPfconDev } from "../../../deploy/dev/pfcon_dev.ts";
import { startProcessEngine } from "../../../deploy/dev/engine.ts";
import { freePort } from "../../../deploy/dev/services/free_port.ts";
import { CountingProxy } from "./counting_proxy.ts";
import { startWorker } from "./worker.ts";

const LABEL = "org.chrisproject.bench";
const IMAGE = "example/tool:1";
const JOBS = 3;
/** How long each job's plugin runs (s). */
const PLUGIN_SECONDS = 5;

/** Means over the jobs. */
export interface CallsOfJobs {
  readonly pfcon: number;
  readonly runtime: number;
  /** Those to pfcon that no design can spare: orders of steps and deletes of their containers. */
  readonly orders: number;
  /** From the first acceptance to the last end. */
  readonly seconds: number;
}

/** Runs the jobs side by side, with pfcon's own calls to the runtime left out. */
export async function callsOfJobs(progress: (text: string) => void): Promise<CallsOfJobs> {
  await using stack = new AsyncDisposableStack();
  const folder = await Deno.makeTempDir({ prefix: "bench-jobs-" });
  stack.defer(() => Deno.remove(folder, { recursive: true }));
  const engine = stack.use(await startProcessEngine({ dir: folder, image: IMAGE }));
  const redis = stack.use(await tempRedis());
  const postgres = stack.use(await tempPostgres());
  const store = `${folder}/store`;
  await Deno.mkdir(`${store}/input`, { recursive: true });
  await Deno.writeTextFile(`${store}/input/file.txt`, "input\n");
  const login = { PFCON_USER: "bench", PFCON_PASSWORD: crypto.randomUUID() };
  const pfconPort = freePort();
  stack.use(startPfconDev(PfconDevConfig.parse({
    ...login,
    PORT: String(pfconPort),
    STORAGE_ENV: "s3",
    STOREBASE: store,
    PFCON_OP_IMAGE: IMAGE,
    JOB_LABELS: `${LABEL}=yes`,
    IGNORE_LIMITS: "true",
    DOCKER_HOST: engine.host,
    LOG_LEVEL: "error",
  })));
  const runtime = stack.use(new CountingProxy(engine.host));
  const pfcon = stack.use(new CountingProxy(`http://127.0.0.1:${pfconPort}`));
  const port = freePort();
  const settings = {
    ...login,
    REDIS_URL: redis.url,
    DB_DSN: postgres.dsn,
    LOG_STORE: "postgres",
    DOCKER_HOST: runtime.address,
    DOCKER_LABEL_FILTER: LABEL,
    DOCKER_LABEL_VALUE: "yes",
    PFCON_URL: pfcon.address,
    PORT: String(port),
  };
  for (const name of WORKER_NAMES) stack.use(await startWorker(name, settings));
  const before = { runtime: runtime.calls.length, pfcon: pfcon.calls.length };
  const begin = performance.now();
  const api = `http://127.0.0.1:${port}/api/jobs`;
  const ids = Array.from({ length: JOBS }, (_, index) => `bench-${index}`);
  for (const id of ids) await submit(`${api}/${id}/run`);
  await until(
    "all jobs over",
    async () => (await Promise.all(ids.map((id) => isOver(`${api}/${id}/workflow`)))).every(Boolean),
    120_000,
  );
  const seconds = (performance.now() - begin) / 1_000;
  const counted = (calls: readonly string[]) => calls.filter((call) => !/_ping$|\/health\/$/.test(call));
  const toPfcon = counted(pfcon.calls.slice(before.pfcon));
  const toRuntime = counted(runtime.calls.slice(before.runtime));
  progress(
    `${JOBS} jobs in ${
      seconds.toFixed(0)
    } s: ${toPfcon.length} calls to pfcon, ${toRuntime.length} to the runtime`,
  );
  const orders = toPfcon.filter((call) => /^POST \S+jobs\/$|^DELETE /.test(call)).length;
  return { pfcon: toPfcon.length / JOBS, runtime: toRuntime.length / JOBS, orders: orders / JOBS, seconds };
}

async function submit(url: string): Promise<void> {
  const script = `for i in $(seq ${PLUGIN_SECONDS}); do echo "line $i"; sleep 1; done; `;
  const body = {
    image: IMAGE,
    entrypoint: ["sh", "-c"],
    args: [script, "sh"],
    input_dirs: "input",
    output_dir: `output/${crypto.randomUUID()}`,
    type: "ds",
  };
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  const answer = await response.text();
  if (response.status !== 202) throw new Error(`Cannot submit a job: answer ${response.status} ${answer}`);
}

/** @throws {Error} if it failed. */
async function isOver(url: string): Promise<boolean> {
  const { status } = await (await fetch(url)).json();
  if (status === "running") return false;
  if (status === "finishedSuccessfully") return true;
  throw new Error(`Cannot count the calls of a job that ended with ${status}`);
}
