/**
 * Forwarders as processes of their own, between real containers and a private Redis: for tests.
 *
 * @module
 */
import { Redis } from "ioredis";
import { decodeLogEvent, decodeStatusEvent } from "lib/event/codec.ts";
import type { LogEvent } from "lib/event/log.ts";
import type { StatusEvent } from "lib/event/status.ts";
import { tempRedis } from "lib/testing/servers.ts";
import { TEST_LABEL, TestContainers } from "lib/testing/test_containers.ts";
import { workerArgs } from "../../workers/worker_command.ts";

/** A running forwarder. */
export interface ForwarderProcess extends AsyncDisposable {
  readonly pid: number;
  /** Ends it with SIGKILL. */
  kill(): Promise<void>;
  /** Ends it with SIGTERM, as soon as it can hear that; its exit code. */
  stop(): Promise<number>;
  /** Everything it logged. Complete after its end. */
  output(): string;
}

/** Containers, a Redis, and what the forwarders put into it. */
export interface ForwarderBench extends AsyncDisposable {
  readonly containers: TestContainers;
  readonly redis: Redis;
  readonly server: Awaited<ReturnType<typeof tempRedis>>;
  start(
    worker: "event_forwarder" | "log_forwarder",
    settings?: Record<string, string>,
  ): Promise<ForwarderProcess>;
  /** All log events, of one container if given, in the order of the stream. */
  logs(containerId?: string): Promise<LogEvent[]>;
  /** All status events, of one container if given, in the order of the stream. */
  statuses(containerId?: string): Promise<StatusEvent[]>;
}

/** Opens all of it. */
export async function openForwarderBench(): Promise<ForwarderBench> {
  const stack = new AsyncDisposableStack();
  const containers = stack.use(await TestContainers.open());
  const server = stack.use(await tempRedis());
  const redis = new Redis(server.url, { maxRetriesPerRequest: null, retryStrategy: () => 50 });
  redis.on("error", () => {}); // some tests stop the server
  stack.defer(() => redis.disconnect());
  const settings = {
    REDIS_URL: server.url,
    DOCKER_HOST: containers.host,
    DOCKER_LABEL_FILTER: TEST_LABEL,
    DOCKER_LABEL_VALUE: containers.label,
    FORWARDER_LEASE_TTL_MS: "15000",
    SHUTDOWN_GRACE_SECONDS: "10",
  };
  return {
    containers,
    redis,
    server,
    start: async (worker, more = {}) => stack.use(await startForwarder(worker, { ...settings, ...more })),
    logs: async (id) => (await entries(redis, "stream:job-logs")).map(decodeLogEvent).filter(of(id)),
    statuses: async (id) => (await entries(redis, "stream:job-status")).map(decodeStatusEvent).filter(of(id)),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

function of(id: string | undefined): (event: { container_id?: string | undefined }) => boolean {
  return (event) => id === undefined || event.container_id === id;
}

async function startForwarder(
  worker: "event_forwarder" | "log_forwarder",
  env: Record<string, string>,
): Promise<ForwarderProcess> {
  const args = await workerArgs(worker, env);
  const process = new Deno.Command(Deno.execPath(), { args, env, stdout: "piped", stderr: "piped" }).spawn();
  let output = "";
  const collect = async (stream: ReadableStream<Uint8Array>) => {
    for await (
      const chunk of stream.pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>)
    ) {
      output += chunk;
    }
  };
  const collected = Promise.all([collect(process.stdout), collect(process.stderr)]);
  let hasEnded = false;
  process.status.then(() => hasEnded = true);
  const end = async (signal: Deno.Signal) => {
    try {
      process.kill(signal);
    } catch { /* it has ended by itself */ }
    const { code } = await process.status;
    await collected;
    return code;
  };
  return {
    pid: process.pid,
    kill: async () => void await end("SIGKILL"),
    stop: async () => {
      await until("started", () => hasEnded || output.includes('"msg":"started"'));
      return await end("SIGTERM");
    },
    output: () => output,
    [Symbol.asyncDispose]: async () => void await end("SIGKILL"),
  };
}

/** The `data` fields of all shards, each in its order. */
async function entries(redis: Redis, base: string): Promise<string[]> {
  const data: string[] = [];
  for (let shard = 0; shard < 8; shard++) {
    for (let from = "-";;) {
      const page = await redis.xrange(`${base}:${shard}`, from, "+", "COUNT", 20_000);
      for (const [, fields] of page) data.push(fields[1] ?? "");
      const last = page.at(-1);
      if (!last || page.length < 20_000) break;
      from = `(${last[0]}`;
    }
  }
  return data;
}

/** Waits until `condition` gives something true, and returns it. @throws {Error} after `ms`. */
export async function until<T>(what: string, condition: () => Promise<T> | T, ms = 60_000): Promise<T> {
  const deadline = performance.now() + ms;
  for (;;) {
    const value = await condition();
    if (value) return value;
    if (performance.now() > deadline) throw new Error(`Cannot go on: still not ${what} after ${ms} ms`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Numbers in [0, 1) from a seed (mulberry32), so that a failure can be repeated. */
export function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}
