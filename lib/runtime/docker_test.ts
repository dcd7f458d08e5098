import { assertEquals } from "@std/assert";
import { type Logger, silentLogger } from "../run/log.ts";
import { dockerFacts, DockerRuntime, summaries } from "./docker.ts";
import { Inspected } from "./docker_engine.ts";

const NEVER = "0001-01-01T00:00:00Z";

function inspected(state: Record<string, unknown>, rest: Record<string, unknown> = {}): Inspected {
  return Inspected.parse({
    Id: "a".repeat(64),
    Name: "/chris-jid-42-copy",
    Created: "2026-01-15T12:01:00.123456789Z",
    State: {
      Status: "running",
      Running: true,
      StartedAt: "2026-01-15T12:01:01.5Z",
      FinishedAt: NEVER,
      ...state,
    },
    Config: { Image: "pl-x:1", Cmd: ["sh", "-c", "exit 3"], Labels: null },
    ...rest,
  });
}

Deno.test("dockerFacts() takes name, job, image and command as pfcon shows them", () => {
  const facts = dockerFacts(inspected({}));
  assertEquals([facts.name, facts.image, facts.cmd], ["chris-jid-42-copy", "pl-x:1", "sh -c 'exit 3'"]);
  assertEquals(facts.identity, { job_id: "chris-jid-42", job_type: "copy" });
  assertEquals(dockerFacts(inspected({}, { Config: {} })).cmd, "");
});

Deno.test("dockerFacts() tells waiting, running and ended apart", () => {
  const phase = (state: Record<string, unknown>) => dockerFacts(inspected(state)).phase;
  assertEquals(phase({ Status: "created", Running: false, StartedAt: NEVER }), "waiting");
  assertEquals(
    phase({ Status: "created", Running: false, StartedAt: NEVER, ExitCode: 127, Error: "no such file" }),
    "waiting",
  );
  assertEquals(phase({}), "running");
  assertEquals(phase({ Status: "paused", Paused: true }), "running");
  assertEquals(phase({ Status: "restarting", Running: true, FinishedAt: "2026-01-15T12:01:02Z" }), "running");
  assertEquals(phase({ Status: "exited", Running: false, FinishedAt: "2026-01-15T12:01:02Z" }), "ended");
  assertEquals(phase({ Status: "removing", Running: false, FinishedAt: "2026-01-15T12:01:02Z" }), "ended");
  assertEquals(
    phase({ Status: "dead", Running: false, Dead: true, FinishedAt: "2026-01-15T12:01:02Z" }),
    "ended",
  );
});

Deno.test("dockerFacts() knows when the last run ended, and no end of an earlier run", () => {
  const endedAt = (state: Record<string, unknown>) => dockerFacts(inspected(state)).endedAt;
  assertEquals(endedAt({ FinishedAt: "2026-01-14T12:01:02Z" }), null);
  assertEquals(
    endedAt({ Status: "exited", Running: false, FinishedAt: "2026-01-15T12:01:02.12Z" }),
    "2026-01-15T12:01:02.120000000Z",
  );
  assertEquals(endedAt({ Status: "exited", Running: false }), "2026-01-15T12:01:01.500000000Z");
});

Deno.test("dockerFacts() understands engines that write local time", () => {
  const facts = dockerFacts(
    inspected({ StartedAt: "2026-01-15T14:01:01.5+02:00" }, { Created: "2026-01-15T14:01:00+02:00" }),
  );
  assertEquals(facts.life.map(({ timestamp }) => timestamp), [
    "2026-01-15T12:01:00+00:00",
    "2026-01-15T12:01:01.500000+00:00",
  ]);
});

Deno.test("summaries() begins with the oldest container, also of those made within one second, and names its job", () => {
  const listed = (Id: string, Created: number, State: string, ...Names: string[]) => ({
    Id,
    Created,
    State,
    Names,
  });
  assertEquals(
    summaries([
      listed("d", 101, "paused", "/j1-upload"),
      listed("c", 100, "exited", "/other/alias", "/j1"),
      listed("b", 100, "running", "/j1-copy"),
      listed("a", 102, "created"),
    ]),
    [
      { id: "b", running: true, jobId: "j1" },
      { id: "c", running: false, jobId: "j1" },
      { id: "d", running: true, jobId: "j1" },
      { id: "a", running: false, jobId: null },
    ],
  );
});

Deno.test("G8 changes() lists anew after each lost connection, and tells of every one that is lost", async () => {
  const cut = () => new ReadableStream({ pull: (controller) => controller.error(new Error("cut")) });
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {}, onError: () => new Response() },
    (request) => new URL(request.url).pathname === "/events" ? new Response(cut()) : Response.json([]),
  );
  const warnings: unknown[] = [];
  const log: Logger = { ...silentLogger, warn: (...args: unknown[]) => warnings.push(args) };
  const host = `tcp://127.0.0.1:${server.addr.port}`;
  const runtime = new DockerRuntime({ host, label: "a", labelValue: "b", log });
  const stop = new AbortController();
  const seen: unknown[] = [];
  for await (const change of runtime.changes(stop.signal, { relistMs: 0 })) {
    seen.push(change);
    if (seen.length === 4) stop.abort();
  }
  assertEquals(seen, Array(4).fill({ kind: "listed", containers: [], afterGap: true }));
  assertEquals(warnings.length, 3);
  await server.shutdown();
});
