/**
 * (d) From a container's write to a client of the SSE service, beside `docker logs --follow` of the same container.
 *
 * Both delays begin at the time with which Docker stamps the line. Nothing may stand between: the clients read the
 * same container at the same time, so that both see the same machine.
 *
 * @module
 */
import { createParser } from "eventsource-parser";
import { decodeLogEvent } from "lib/event/codec.ts";
import { TEST_LABEL, TestContainers } from "lib/testing/test_containers.ts";
import { tempPostgres, tempRedis } from "lib/testing/servers.ts";
import { freePort } from "../../../deploy/dev/services/free_port.ts";
import type { BenchOptions, Figure } from "./measurement.ts";
import { percentile } from "./stats.ts";
import { startWorker } from "./worker.ts";

const LINES = 500;
/** Between two lines (µs). */
const PAUSE_US = 20_000;
/** The first lines wait for clients that are not there yet. */
const SKIPPED = 50;
/** For this container as for any other to come to its end. */
const LIMIT_MS = 90_000;

/** Measures it with the real log forwarder and SSE service. */
export async function delayToClient({ progress }: BenchOptions): Promise<Figure[]> {
  await using containers = await TestContainers.open();
  await using redis = await tempRedis();
  await using postgres = await tempPostgres();
  const port = freePort();
  await using _forwarder = await startWorker("log_forwarder", {
    REDIS_URL: redis.url,
    DOCKER_HOST: containers.host,
    DOCKER_LABEL_FILTER: TEST_LABEL,
    DOCKER_LABEL_VALUE: containers.label,
  });
  await using _service = await startWorker("sse_service", {
    REDIS_URL: redis.url,
    DB_DSN: postgres.dsn,
    LOG_STORE: "postgres",
    PORT: String(port),
  });
  const script = `sleep 1; for i in $(seq ${LINES}); do echo "line $i"; usleep ${PAUSE_US}; done; sleep 1`;
  const jobId = containers.nameOf("delay");
  const container = await containers.start("delay", script);
  const stop = AbortSignal.timeout(LIMIT_MS);
  const [client, cli] = await Promise.all([
    delaysOfClient(`http://127.0.0.1:${port}/events/${jobId}/logs`, stop),
    delaysOfCli(containers.host, container.id),
  ]);
  progress(`delays: ${client.length} lines at the SSE client, ${cli.length} at docker logs`);
  return [["p50", 0.5], ["p99", 0.99]].map(([name, share]): Figure => {
    const [ours, value] = [client, cli].map((delays) => percentile(delays.slice(SKIPPED), Number(share)));
    return {
      name: `delay of a line, ${name} (less is better)`,
      unit: "ms",
      ours: ours ?? NaN,
      baseline: { name: "docker logs -f", value: value ?? NaN },
      how: "measured",
    };
  });
}

/** Delay (ms) of each line as it reaches a client; ends with the end of the container's output. */
async function delaysOfClient(url: string, signal: AbortSignal): Promise<number[]> {
  const delays: number[] = [];
  const ended = new AbortController();
  const parser = createParser({
    onEvent: ({ event, data }) => {
      const now = epochMs();
      if (event !== "logs") return;
      const line = decodeLogEvent(data);
      if (line.eos) ended.abort();
      else delays.push(now - millisecondsOf(line.timestamp));
    },
  });
  try {
    const response = await fetch(url, { signal: AbortSignal.any([signal, ended.signal]) });
    if (!response.ok || !response.body) throw new Error(`Cannot read ${url}: answer ${response.status}`);
    for await (const text of response.body.pipeThrough(new TextDecoderStream())) parser.feed(text);
  } catch (error) {
    if (!ended.signal.aborted) throw error;
  }
  return delays;
}

/** The same of the Docker CLI, which ends with the container. */
async function delaysOfCli(host: string, id: string): Promise<number[]> {
  const cli = new Deno.Command("docker", {
    args: ["-H", host, "logs", "--follow", "--timestamps", id],
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const delays: number[] = [];
  let rest = "";
  for await (const text of cli.stdout.pipeThrough(new TextDecoderStream())) {
    const now = epochMs();
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) delays.push(now - millisecondsOf(line.split(" ")[0] ?? ""));
  }
  await cli.status;
  return delays;
}

function epochMs(): number {
  return performance.timeOrigin + performance.now();
}

/** Milliseconds since 1970, with their fraction, of an RFC 3339 time in UTC. */
function millisecondsOf(time: string): number {
  const [, seconds = "", fraction = "0"] = /^(.{19})(?:\.(\d+))?/.exec(time) ?? [];
  return Date.parse(`${seconds}Z`) + Number(`0.${fraction}`) * 1_000;
}
