/**
 * One trace from what a container does to what a client is sent, through every process in between.
 */
import { assertEquals } from "@std/assert";
import Docker from "dockerode";
import { StrictPfcon } from "lib/testing/strict_pfcon.ts";
import { WORKER_NAMES, type WorkerName } from "lib/run/permissions.ts";
import { tempPostgres, tempRedis } from "lib/testing/servers.ts";
import { until } from "lib/testing/until.ts";
import { startProcessEngine } from "../../deploy/dev/process_engine/test_engine.ts";
import { freePort } from "../../deploy/dev/services/free_port.ts";
import { workerArgs } from "../../workers/worker_command.ts";
import { startProcess, type TestProcess } from "./worker_process.ts";

Deno.test("one trace leads from a container's end over its confirmation to the client; and one from its lines", async () => {
  await using redis = await tempRedis();
  await using postgres = await tempPostgres();
  await using pfcon = new StrictPfcon();
  await using engine = await startProcessEngine("example/plugin:1");
  await using collector = new Collector();
  const port = freePort();
  const env = {
    REDIS_URL: redis.url,
    DB_DSN: postgres.dsn,
    LOG_STORE: "postgres",
    PFCON_URL: pfcon.url,
    PFCON_USER: pfcon.user,
    PFCON_PASSWORD: pfcon.password,
    DOCKER_HOST: `unix://${engine.socket}`,
    STREAM_NUM_SHARDS: "2",
    PORT: String(port),
    HEALTH_PORT: "0",
    LEASE_ACQUIRE_INTERVAL_MS: "100",
  };
  await using workers = new AsyncDisposableStack();
  const started = await Promise.all(
    WORKER_NAMES.map(async (name) => workers.use(await startWorker(name, env, collector))),
  );
  await Promise.all(started.map((worker) => isReady(worker)));
  await using client = await follow(`http://127.0.0.1:${port}/events/traced/all`);
  const docker = new Docker({ socketPath: engine.socket });
  const container = await docker.createContainer({
    name: "traced",
    Image: "example/plugin:1",
    Cmd: ["sh", "-c", "echo one; echo two"],
    Labels: { "org.chrisproject.miniChRIS": "plugininstance" },
  });
  await container.start();
  await until(
    "confirmed to the client",
    () => client.text().includes("confirmed_finishedSuccessfully"),
    60_000,
  );
  await until("the last line at the client", () => client.text().includes('"eos":true'), 60_000);

  await until("a whole trace of a confirmation", () => {
    return collector.lines().has(
      "event_forwarder forward status > status_consumer dispatch status > " +
        "task_worker task process-job-status > task_worker publish event > sse_service send event",
    );
  }, 60_000);
  await until(
    "traces of lines, and of states as they came",
    () =>
      [
        "log_forwarder forward lines > log_consumer store lines",
        "log_forwarder forward lines > sse_service send event",
        "event_forwarder forward status > sse_service send event",
      ].every((line) => collector.lines().has(line)),
    60_000,
  );
  assertEquals(collector.torn(), [], "every span is of the trace of the one before it");
});

/** Starts a worker that traces, with its own permissions: exporting needs no further one. */
async function startWorker(
  name: WorkerName,
  env: Record<string, string>,
  collector: Collector,
): Promise<TestProcess> {
  const args = await workerArgs(name, env);
  const tracing = {
    OTEL_DENO: "true",
    OTEL_SERVICE_NAME: name,
    OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    OTEL_BSP_SCHEDULE_DELAY: "200",
  };
  return startProcess(`workers/${name}/main.ts`, { ...env, ...tracing }, [], args.slice(1, -1));
}

async function isReady(worker: TestProcess): Promise<void> {
  const { port } = await worker.logged("health server listens");
  await until("ready", async () => {
    const response = await fetch(`http://127.0.0.1:${port}/ready`);
    const { details } = await response.json();
    return response.ok && details?.consumer?.shards.length !== 0;
  }, 60_000);
}

/** Reads an event stream in the background; resolves once it is caught up with what there is. */
async function follow(url: string): Promise<AsyncDisposable & { text(): string }> {
  const gone = new AbortController();
  let text = "";
  const response = await fetch(url, { signal: gone.signal });
  const reading = (async () => {
    for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) text += chunk;
  })().catch(() => {}); // cut at the end of the test
  await until("caught up", () => text.includes("event: caught-up"));
  return {
    text: () => text,
    [Symbol.asyncDispose]: async () => {
      gone.abort();
      await reading;
    },
  };
}

/** A span as it is exported, as far as we look. */
interface Span {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly service: string;
}

interface Attribute {
  readonly key: string;
  readonly value: { readonly stringValue?: string };
}

interface Exported {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly Attribute[] };
    readonly scopeSpans: readonly {
      readonly scope: { readonly name: string };
      readonly spans: readonly Omit<Span, "service">[];
    }[];
  }[];
}

/** Takes spans in OTLP's JSON form, ours only: Deno's own (of requests) are left out. */
class Collector implements AsyncDisposable {
  readonly #spans = new Map<string, Span>();
  readonly #server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, async (request) => {
    const body = await request.text();
    if (new URL(request.url).pathname === "/v1/traces") this.#take(JSON.parse(body));
    return Response.json({});
  });

  get url(): string {
    return `http://127.0.0.1:${this.#server.addr.port}`;
  }

  /** Each span with all that led to it, from the first on. */
  lines(): Set<string> {
    return new Set([...this.#spans.values()].map((span) => this.#line(span)));
  }

  /** Spans that are of another trace than their parent. */
  torn(): Span[] {
    return [...this.#spans.values()].filter((span) => {
      const parent = this.#spans.get(span.parentSpanId ?? "");
      return parent !== undefined && parent.traceId !== span.traceId;
    });
  }

  #line(span: Span): string {
    const parent = this.#spans.get(span.parentSpanId ?? "");
    const told = `${span.service} ${span.name}`;
    return parent ? `${this.#line(parent)} > ${told}` : told;
  }

  #take({ resourceSpans }: Exported): void {
    for (const { resource, scopeSpans } of resourceSpans) {
      const service = resource.attributes.find(({ key }) => key === "service.name")?.value.stringValue ?? "";
      for (const { scope, spans } of scopeSpans) {
        if (scope.name !== "chris-streaming") continue;
        for (const span of spans) this.#spans.set(span.spanId, { ...span, service });
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }
}
