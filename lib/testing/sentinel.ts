/**
 * A Redis with replicas and sentinels for tests: real processes on free loopback ports, each with a folder of its
 * own; all gone at the end.
 *
 * @module
 */
import { BackgroundProcess } from "../../deploy/dev/services/background_process.ts";
import { findBinary } from "../../deploy/dev/services/find_binary.ts";
import { freePort } from "../../deploy/dev/services/free_port.ts";
import { unlessAborted } from "../run/unless_aborted.ts";
import { until } from "./until.ts";

/** A server of the group. It keeps its port, its data and what Sentinel made of it, however often it is killed. */
export interface GroupMember {
  readonly port: number;
  /** Process id of the server, or of the last one if it is killed. */
  readonly pid: number;
  /** Starts it again after {@linkcode kill}. */
  start(): Promise<void>;
  /** Ends it with SIGKILL. */
  kill(): Promise<void>;
  /** Freezes it, its connections stay open; or lets it go on. */
  freeze(): void;
  thaw(): void;
  /** Asks it something, such as `INFO replication`. */
  ask(...command: string[]): Promise<string>;
}

/** One primary and two replicas, watched by three sentinels. */
export interface SentinelGroup extends AsyncDisposable {
  /** `redis+sentinel://…`, with all passwords. */
  readonly url: string;
  readonly servers: readonly GroupMember[];
  readonly sentinels: readonly GroupMember[];
  /** The one that the sentinels name as the primary; undefined while they do not agree. */
  primary(): Promise<GroupMember | undefined>;
  /** Starts the sentinels, unless they run. */
  watch(): Promise<void>;
  /** From now on replicas get nothing of what the primary writes, and do not hear of each other. */
  cut(): Promise<void>;
  /** Ends that. */
  mend(): Promise<void>;
}

/** Settings of a test's group. */
export interface SentinelGroupOptions {
  /** Lines of each server's redis.conf. */
  readonly config?: Record<string, string>;
  /** A server that keeps silent this long is down (ms). @default 1_000 */
  readonly downAfterMs?: number;
  /** Whether to start the sentinels. @default true */
  readonly watched?: boolean;
}

const MASTER = "mymaster";

/** Starts a group and waits until the sentinels know all of it. */
export async function sentinelGroup(options: SentinelGroupOptions = {}): Promise<SentinelGroup> {
  const stack = new AsyncDisposableStack();
  try {
    const dir = await Deno.makeTempDir({ prefix: "chris-sentinel-" });
    stack.defer(() => Deno.remove(dir, { recursive: true }));
    const password = crypto.randomUUID();
    const [first, ...others] = Array.from({ length: 3 }, () => freePort());
    const servers = [first ?? 0, ...others].map((port, index) =>
      new Member(`${dir}/server-${index}`, port, password, {
        "appendonly": "yes",
        "save": '""',
        "masterauth": password,
        "repl-diskless-sync-delay": "0",
        "repl-ping-replica-period": "1",
        "enable-debug-command": "local",
        ...(port === first ? {} : { replicaof: `127.0.0.1 ${first}` }),
        ...options.config,
      })
    );
    const { downAfterMs = 1_000, watched = true } = options;
    const sentinels = Array.from(
      { length: 3 },
      (_, index) =>
        new Member(`${dir}/sentinel-${index}`, freePort(), password, {
          [`sentinel monitor ${MASTER}`]: `127.0.0.1 ${first} 2`,
          [`sentinel auth-pass ${MASTER}`]: password,
          [`sentinel down-after-milliseconds ${MASTER}`]: `${downAfterMs}`,
          [`sentinel failover-timeout ${MASTER}`]: "10000",
          [`sentinel parallel-syncs ${MASTER}`]: "2",
        }, ["--sentinel"]),
    );
    for (const member of [...sentinels, ...servers]) stack.defer(() => member.kill());
    await Promise.all(servers.map((server) => server.start()));
    const hosts = sentinels.map(({ port }) => `127.0.0.1:${port}`).join(",");
    const group: SentinelGroup = {
      url: `redis+sentinel://:${password}@${hosts}/${MASTER}/0?sentinel_password=${password}`,
      servers,
      sentinels,
      primary: () => primaryOf(servers, sentinels),
      watch: () => watch(sentinels),
      cut: async () => {
        await eachThatAnswers(servers, "CONFIG", "SET", "masterauth", "wrong");
        await eachThatAnswers(servers, "CLIENT", "KILL", "TYPE", "replica");
      },
      mend: () => eachThatAnswers(servers, "CONFIG", "SET", "masterauth", password),
      [Symbol.asyncDispose]: () => stack.disposeAsync(),
    };
    await until(
      "in step",
      async () => /state=online[^]*state=online/.test(await servers[0]?.ask("INFO", "replication") ?? ""),
    );
    if (watched) await group.watch();
    return group;
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}

async function watch(sentinels: readonly Member[]): Promise<void> {
  await Promise.all(sentinels.map((sentinel) => sentinel.start()));
  await until("known to the sentinels", async () => {
    const states = await Promise.all(sentinels.map((sentinel) => sentinel.ask("INFO", "sentinel")));
    return states.every((state) => /status=ok,address=\S+,slaves=2,sentinels=3/.test(state));
  }, 30_000);
}

async function eachThatAnswers(servers: readonly Member[], ...command: string[]): Promise<void> {
  await Promise.all(servers.map((server) => server.ask(...command).catch(() => {})));
}

async function primaryOf(
  servers: readonly Member[],
  sentinels: readonly Member[],
): Promise<GroupMember | undefined> {
  const answers = await Promise.all(
    sentinels.map((sentinel) => sentinel.ask("SENTINEL", "get-master-addr-by-name", MASTER).catch(() => "")),
  );
  const ports = new Set(answers.map((answer) => Number(/\$\d+\r\n(\d+)\r\n$/.exec(answer)?.[1])));
  const primary = servers.find(({ port }) => ports.size === 1 && ports.has(port));
  return /role:master/.test(await primary?.askWithin(2_000, "INFO", "replication").catch(() => "") ?? "")
    ? primary
    : undefined;
}

class Member implements GroupMember {
  #process: BackgroundProcess | null = null;
  #frozen = false;

  constructor(
    readonly dir: string,
    readonly port: number,
    readonly password: string,
    readonly config: Record<string, string>,
    readonly args: readonly string[] = [],
  ) {}

  get pid(): number {
    return this.#process?.pid ?? 0;
  }

  async start(): Promise<void> {
    if (this.#process && !this.#process.status) return;
    const conf = `${this.dir}/redis.conf`;
    // The first time only: from then on the file is the server's own, who writes down what Sentinel tells it.
    if (!this.#process) {
      await Deno.mkdir(this.dir);
      const settings = { port: `${this.port}`, bind: "127.0.0.1", dir: this.dir, requirepass: this.password };
      const lines = Object.entries({ ...settings, ...this.config }).map(([key, value]) =>
        `${key} ${value}\n`
      );
      await Deno.writeTextFile(conf, lines.join(""), { mode: 0o600 });
    }
    this.#process = new BackgroundProcess({
      name: "redis",
      command: await findBinary("redis-server") ?? "redis-server",
      args: [conf, ...this.args],
      cwd: this.dir,
      logFile: `${this.dir}/log`,
    });
    await this.#process.ready(() => this.ask("INFO", "server"), 20_000);
  }

  async kill(): Promise<void> {
    await this.#process?.stop(0);
    this.#frozen = false;
  }

  freeze(): void {
    this.#process?.kill("SIGSTOP");
    this.#frozen = true;
  }

  thaw(): void {
    if (this.#frozen) this.#process?.kill("SIGCONT");
    this.#frozen = false;
  }

  ask(...command: string[]): Promise<string> {
    return this.askWithin(10_000, ...command);
  }

  /** A frozen one does not answer. */
  async askWithin(ms: number, ...command: string[]): Promise<string> {
    const connection = await Deno.connect({ hostname: "127.0.0.1", port: this.port });
    const patience = AbortSignal.timeout(ms);
    try {
      const text = [["AUTH", this.password], command, ["PING"]].map(encoded).join("");
      await connection.write(new TextEncoder().encode(text));
      const answer = await unlessAborted(readReply(connection), patience);
      const [, body] = /^\+OK\r\n([^-].*)\+PONG\r\n$/s.exec(answer ?? "") ?? [];
      if (body === undefined) {
        throw new Error(`Cannot ask for ${command[0]}: it answered ${JSON.stringify(answer)}`);
      }
      return body;
    } finally {
      connection.close();
    }
  }
}

/** Reads up to the answer to the PING that follows each question. */
async function readReply(connection: Deno.Conn): Promise<string> {
  let answer = "";
  const buffer = new Uint8Array(65_536);
  while (!/\+PONG\r\n$|^-/.test(answer.replace(/^\+OK\r\n/, ""))) {
    const count = await connection.read(buffer).catch(() => null); // closed: nobody waits any more
    if (count === null) break;
    answer += new TextDecoder().decode(buffer.subarray(0, count));
  }
  return answer;
}

function encoded(command: readonly string[]): string {
  return `*${command.length}\r\n${command.map((word) => `$${word.length}\r\n${word}\r\n`).join("")}`;
}
