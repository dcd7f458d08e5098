import { assert, assertEquals } from "@std/assert";
import { encodeLogEvent } from "lib/event/codec.ts";
import { silentLogger as log } from "lib/run/log.ts";
import { sleep } from "lib/run/sleep.ts";
import { shardKey, shardOf } from "lib/stream/keys.ts";
import { openRedis } from "lib/stream/open_redis.ts";
import { tempPostgres, tempRedis } from "lib/testing/servers.ts";
import { until } from "lib/testing/until.ts";
import { logLine } from "./sse_bench.ts";
import { startProcess } from "./worker_process.ts";

const SHARDS = 2;
const BUFFER_BYTES = 262_144;
const LINE_BYTES = 5_000;
const SLOW = 100;
/** What the service holds for a client that reads history, beside its buffer (bytes): a chunk, and two pages. */
const PAGES_BYTES = 1_048_576;
/** What its heap may grow by for other reasons (bytes). */
const HEAP_BYTES = 100_000_000;
const JOB = "job-slow";

/** A client on a bare socket: nothing is read ahead of what the test takes, but by the kernel. */
class RawReader implements Disposable {
  readonly #connection: Deno.TcpConn;
  readonly #decoder = new TextDecoder();
  #rest = "";
  #trickling: Promise<void> | null = null;
  #hurried = false;
  #closed = false;
  /** Number of the last line that came. */
  last = 0;

  private constructor(connection: Deno.TcpConn) {
    this.#connection = connection;
  }

  static async connect(port: number): Promise<RawReader> {
    const connection = await Deno.connect({ hostname: "127.0.0.1", port });
    const request = `GET /events/${JOB}/logs HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`;
    await connection.write(new TextEncoder().encode(request));
    return new RawReader(connection);
  }

  /** Takes a kilobyte each second from now on. */
  trickle(): void {
    const buffer = new Uint8Array(1_024);
    const step = async () => {
      while (!this.#hurried && await this.#read(buffer).catch(() => null) !== null) await sleep(1_000);
    };
    this.#trickling = step();
  }

  /** Reads as fast as it can up to a line, or to the end, and returns what came last. */
  async readOn(line = Infinity): Promise<string> {
    this.#hurried = true;
    await this.#trickling;
    const buffer = new Uint8Array(262_144);
    let end = "";
    for (let text: string | null = ""; this.last < line && text !== null; text = await this.#read(buffer)) {
      end = (end + text).slice(-100);
    }
    return end;
  }

  /** Null at the end. Fails if a line that came is not the next one. */
  async #read(buffer: Uint8Array<ArrayBuffer>): Promise<string | null> {
    const count = await this.#connection.read(buffer);
    if (count === null) return null;
    const text = this.#decoder.decode(buffer.subarray(0, count), { stream: true });
    const events = (this.#rest + text).split("\n\n");
    this.#rest = events.pop() ?? "";
    for (const event of events) {
      assert(!event.startsWith("event: gap"), event);
      const seq = /^event: logs\n.*\ndata: .*"seq":(\d+)/m.exec(event)?.[1];
      if (seq !== undefined) assertEquals(Number(seq), ++this.last);
    }
    return text;
  }

  [Symbol.dispose](): void {
    if (!this.#closed) this.#connection.close();
    this.#closed = this.#hurried = true;
  }
}

async function residentBytes(pid: number): Promise<number> {
  const status = await Deno.readTextFile(`/proc/${pid}/status`);
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) * 1_024;
}

/** The service as a process, and a job that prints. */
async function startService() {
  const stack = new AsyncDisposableStack();
  const [redisServer, postgres] = await Promise.all([tempRedis(), tempPostgres()]);
  stack.use(redisServer);
  stack.use(postgres);
  const redis = stack.use(openRedis(redisServer.url, { name: "test", log }));
  const process = stack.use(startProcess("workers/sse_service/main.ts", {
    REDIS_URL: redisServer.url,
    DB_DSN: postgres.dsn,
    LOG_STORE: "postgres",
    STREAM_NUM_SHARDS: String(SHARDS),
    CLIENT_BUFFER_BYTES: String(BUFFER_BYTES),
    PORT: "0",
    HEALTH_PORT: "0",
    SHUTDOWN_GRACE_SECONDS: "60",
  }));
  const { port: healthPort } = await process.logged("health server listens");
  const { port } = await process.logged("listens");
  const ready = async () => {
    const response = await fetch(`http://127.0.0.1:${healthPort}/ready`);
    return { status: response.status, intake: (await response.json()).dependencies.intake };
  };
  await until("ready", async () => (await ready()).status === 200);
  const stream = shardKey("stream:job-logs", shardOf(JOB, SHARDS));
  const padding = "x".repeat(LINE_BYTES);
  let written = 0;
  return {
    process,
    ready,
    connect: () => RawReader.connect(Number(port)),
    /** Prints so many lines; resolves when they are in the stream. */
    print: async (lines: number) => {
      for (const end = written + lines; written < end;) {
        const pipeline = redis.pipeline();
        for (let n = 0; n < 200; n++) {
          pipeline.xadd(stream, "*", "data", encodeLogEvent(logLine(JOB, ++written, padding)));
        }
        await pipeline.exec();
      }
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

Deno.test("G11 G15 a hundred clients that read a kilobyte a second cost bounded memory and nobody else's time, and lose nothing", async () => {
  await using service = await startService();
  const { process, print, ready, connect } = service;
  using stack = new DisposableStack();
  const fast = stack.use(await connect());
  await Promise.all([print(2_000), fast.readOn(2_000)]);
  const before = await residentBytes(process.pid);

  // Half of them are live when the job goes on, half come for history: 30 MB, of which the kernel takes a few.
  const slow: RawReader[] = [];
  for (const lines of [4_000, 6_000]) {
    for (let n = 0; n < SLOW / 2; n++) slow.push(stack.use(await connect()));
    for (const reader of slow.slice(-SLOW / 2)) reader.trickle();
    await Promise.all([print(2_000), fast.readOn(lines)]);
  }
  const growth = await residentBytes(process.pid) - before;
  console.log(`    grew by ${Math.round(growth / 1e6)} MB`);
  assert(growth < SLOW * (BUFFER_BYTES + PAGES_BYTES) + HEAP_BYTES, `grew by ${growth} bytes`);
  assert(slow.every(({ last }) => last < 100), "they have read next to nothing");
  await Promise.all([slow[0], slow.at(-1)].map((one) => one?.readOn(6_000)));

  process.kill("SIGTERM");
  assert(/retry: \d{4}\n\n$/.test(await fast.readOn()), "sent away");
  assertEquals(await ready(), { status: 503, intake: "stopping" });
  const late = slow[1];
  assert(/retry: \d{4}\n\n$/.test(await late?.readOn() ?? ""), "what it was given is drained first");
  for (const reader of slow) reader[Symbol.dispose]();
  assertEquals(await process.ended, 0, process.output());
});
