/**
 * Tries what a worker must and must not do, and prints as JSON what came of each try. Run by
 * `permissions_test.ts` under a worker's own flags; the plan is its first argument.
 */

/** What to try; every entry may be left out. */
export interface Plan {
  /** `host:port` to connect to. */
  readonly connect?: readonly string[];
  readonly read?: readonly string[];
  readonly write?: readonly string[];
  readonly run?: readonly string[];
  readonly env?: readonly string[];
  /** Address of a Redis to use with the libraries that the workers use. */
  readonly redis?: string;
  readonly postgres?: string;
}

/** What came of each try: "done", "refused" (by Deno), "unset", or the text of another fault. */
export type Report = Record<string, string>;

if (import.meta.main) {
  const plan: Plan = JSON.parse(Deno.args[0] ?? "{}");
  const report: Report = {};
  const attempt = async (name: string, action: () => unknown) => {
    report[name] = await outcome(action);
  };
  for (const to of plan.connect ?? []) await attempt(`connect ${to}`, () => connect(to));
  for (const path of plan.read ?? []) await attempt(`read ${path}`, () => Deno.readFile(path));
  for (const path of plan.write ?? []) await attempt(`write ${path}`, () => Deno.writeTextFile(path, "x"));
  for (const name of plan.run ?? []) await attempt(`run ${name}`, () => new Deno.Command(name).output());
  for (const name of plan.env ?? []) {
    report[`env ${name}`] = Deno.env.get(name) === undefined ? "unset" : "done";
  }
  await attempt("log", async () => (await import("lib/run/log.ts")).createLogger("probe", "info"));
  const { redis, postgres } = plan;
  if (redis) await attempt("redis", () => useRedis(redis));
  if (redis) await attempt("queue", () => useQueue(redis));
  if (postgres) await attempt("postgres", () => usePostgres(postgres));
  console.log(JSON.stringify(report));
}

async function outcome(action: () => unknown): Promise<string> {
  try {
    await action();
    return "done";
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) return "refused";
    return error instanceof Error ? error.message : String(error);
  }
}

async function connect(to: string): Promise<void> {
  const at = to.lastIndexOf(":");
  (await Deno.connect({ hostname: to.slice(0, at), port: Number(to.slice(at + 1)) })).close();
}

async function useRedis(url: string): Promise<void> {
  const { Redis } = await import("ioredis");
  const redis = new Redis(url, { maxRetriesPerRequest: 0 });
  redis.on("error", () => {});
  try {
    await redis.ping();
  } finally {
    redis.disconnect();
  }
}

async function useQueue(url: string): Promise<void> {
  const { Redis } = await import("ioredis");
  const { Queue, Worker } = await import("bullmq");
  const connection = new Redis(url, { maxRetriesPerRequest: null });
  const queue = new Queue("probe", { connection });
  const done = Promise.withResolvers<void>();
  const worker = new Worker("probe", () => Promise.resolve(done.resolve()), { connection });
  await queue.add("try", {});
  await done.promise;
  await worker.close();
  await queue.close();
  connection.disconnect();
}

async function usePostgres(dsn: string): Promise<void> {
  const { default: postgres } = await import("postgres");
  const sql = postgres(dsn, { max: 1 });
  await sql`select 1`;
  await sql.end();
}
