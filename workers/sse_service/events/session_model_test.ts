import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { silentLogger } from "lib/run/log.ts";
import { sleep } from "lib/run/sleep.ts";
import { seededRandom } from "lib/testing/consumption/chance.ts";
import { VirtualTime } from "lib/testing/virtual_time.ts";
import { JobWorld } from "../../../tests/stand_ins/job_world/job_world.ts";
import { Viewer } from "../../../tests/stand_ins/job_world/viewer.ts";
import { WORKERS } from "../../../tests/stand_ins/job_world/weather.ts";
import { worldConnection } from "../../../tests/stand_ins/job_world/world_connection.ts";
import { runWorkers } from "../../../tests/stand_ins/job_world/world_workers.ts";
import { Witness } from "../../../tests/stand_ins/job_world/witness.ts";
import { eventStreams } from "./answer_events.ts";
import { Hub } from "./hub.ts";
import { KINDS } from "./position.ts";

/** How many scenarios are played: always the same ones, or with `TEST_SEED` others. */
const RUNS = Number(Deno.env.get("TEST_RUNS") ?? 100);
const JOB = "job-a";
/** Another one of the same shard. */
const OTHER_JOB = "job-b";
/** Clients of the job. */
const VIEWERS = 5;

/** Something that happens, some time after what happened before. */
type Happening =
  & { readonly afterMs: number }
  & (
    | {
      readonly what: "print" | "go on";
      readonly jobId: string;
      readonly lines: number;
      readonly well: boolean;
    }
    | { readonly what: "retry" }
    | { readonly what: "hold" | "release"; readonly worker: typeof WORKERS[number] }
    | { readonly what: "lose"; readonly writes: number | "all" }
    | { readonly what: "fail"; readonly server: "redis" | "postgres" | "log store"; readonly calls: number }
    | {
      readonly what: "come" | "cut" | "stall" | "resume";
      readonly viewer: number;
      readonly pauseMs: number;
    }
  );

const afterMs = fc.constantFrom(0, 0, 1, 5, 30, 300, 2_500);
const viewer = fc.nat({ max: VIEWERS - 1 });
const happens = <T>(weight: number, fields: { [K in keyof T]: fc.Arbitrary<T[K]> }) => ({
  weight,
  arbitrary: fc.record({ ...fields, afterMs }) as unknown as fc.Arbitrary<Happening>,
});
const anyHappening: fc.Arbitrary<Happening> = fc.oneof(
  happens(8, {
    what: fc.constant("print"),
    jobId: fc.constantFrom(JOB, JOB, JOB, OTHER_JOB),
    lines: fc.integer({ min: 1, max: 6 }),
    well: fc.constant(true),
  }),
  happens(8, {
    what: fc.constant("go on"),
    jobId: fc.constantFrom(JOB, JOB, JOB, OTHER_JOB),
    lines: fc.constant(0),
    well: fc.boolean(),
  }),
  happens(1, { what: fc.constant("retry") }),
  happens(3, { what: fc.constant("hold"), worker: fc.constantFrom(...WORKERS) }),
  happens(3, { what: fc.constant("release"), worker: fc.constantFrom(...WORKERS) }),
  happens(2, { what: fc.constant("lose"), writes: fc.oneof(fc.constant("all"), fc.nat({ max: 12 })) }),
  happens(1, {
    what: fc.constant("fail"),
    server: fc.constantFrom("redis", "postgres", "log store"),
    calls: fc.integer({ min: 1, max: 4 }),
  }),
  happens(6, { what: fc.constant("come"), viewer, pauseMs: fc.constantFrom(0, 0, 3, 40) }),
  happens(3, { what: fc.constant("cut"), viewer, pauseMs: fc.constant(0) }),
  happens(3, { what: fc.constant("stall"), viewer, pauseMs: fc.constant(0) }),
  happens(3, { what: fc.constant("resume"), viewer, pauseMs: fc.constant(0) }),
);

const anyScenario = fc.record({
  /** Of what chance decides. */
  chance: fc.nat(),
  viewers: fc.array(
    fc.record({
      kind: fc.constantFrom("all" as const, "all" as const, ...KINDS),
      tail: fc.constantFrom(null, null, null, 0, 1, 4),
    }),
    { minLength: VIEWERS, maxLength: VIEWERS },
  ),
  bufferBytes: fc.constantFrom(300, 3_000, 1_000_000),
  mailboxCapacity: fc.constantFrom(300, 3_000, 1_000_000),
  /** Time that each look at the clock takes (ms): sending many events at once then pays. */
  lookMs: fc.constantFrom(0, 0.7),
  happenings: fc.array(anyHappening, { minLength: 5, maxLength: 60, size: "max" }),
  /** Whether the job comes to its end. */
  ends: fc.boolean(),
});
type Scenario = typeof anyScenario extends fc.Arbitrary<infer S> ? S : never;

/** Plays it; what was not as promised. */
async function play(scenario: Scenario): Promise<string[]> {
  using _chance = seededRandom(scenario.chance);
  using time = new VirtualTime();
  using _clock = clockOf(time, scenario.lookMs);
  const world = new JobWorld(time.now, Math.random);
  const faults: string[] = [];
  const log = { ...silentLogger, error: (fields: unknown) => faults.push(`error ${Deno.inspect(fields)}`) };
  const redis = worldConnection(world.redis, world.weather);
  const bases = { status: "status", logs: "logs", workflow: "workflow" };
  const { sql } = world.postgres;
  const { bufferBytes, mailboxCapacity } = scenario;
  const hub = new Hub(redis, worldConnection(world.redis, world.weather), {
    bases,
    numShards: 1,
    mailboxCapacity,
    log,
  });
  const stop = new AbortController();
  const running = [hub.run(stop.signal), runWorkers(world, stop.signal)];
  const answer = eventStreams({
    ...{ hub, sql, log, bufferBytes },
    stopping: stop.signal,
    now: time.now,
    sources: {
      ...{ sql, redis, logStore: world.logStore, logGroup: "group", numShards: 1 },
      streamOf: (kind) => `${kind}:0`,
    },
  });
  const viewers = scenario.viewers.map((wish) => new Viewer({ jobId: JOB, ...wish }, answer));
  const witnesses = new Map<Viewer, Witness>();
  const come = (viewer: Viewer, pauseMs: number) => {
    const witness = witnesses.get(viewer) ?? new Witness(world, viewer);
    witnesses.set(viewer, witness);
    viewer.onTold = (told) => witness.saw(told);
    viewer.come(pauseMs);
  };
  for (const jobId of [JOB, OTHER_JOB]) world.submit(jobId);
  for (const happening of scenario.happenings) {
    await sleep(happening.afterMs);
    const viewer = "viewer" in happening ? viewers[happening.viewer] : undefined;
    if (happening.what === "come" && viewer) come(viewer, happening.pauseMs);
    else happen(world, viewer, happening);
  }
  world.weather.clear();
  for (const viewer of viewers) come(viewer, 0);
  await settle(world, [...witnesses.values()], scenario);
  stop.abort();
  world.change();
  for (const viewer of viewers) viewer.cut();
  await Promise.all(running);
  const told = viewers.flatMap((viewer, n) => {
    const { faults = [], missing = [] } = witnesses.get(viewer) ?? {};
    return [...faults, ...missing.map((name) => `${name} is missing`)].map((fault) =>
      `viewer ${n}: ${fault}`
    );
  });
  return [...faults, ...told];
}

function happen(world: JobWorld, viewer: Viewer | undefined, happening: Happening): void {
  switch (happening.what) {
    case "print":
      return world.print(happening.jobId, happening.lines);
    case "go on":
      return world.goOn(happening.jobId, happening.well);
    case "retry":
      return world.retry(JOB);
    case "hold":
    case "release":
      return world.weather[happening.what](happening.worker);
    case "lose":
      return void world.lose(happening.writes);
    case "fail":
      return world.weather.fail(happening.server, happening.calls);
    default:
      if (happening.what !== "come") viewer?.[happening.what]();
  }
}

/** Waits until all were told everything, and until more would have followed. */
async function settle(world: JobWorld, witnesses: readonly Witness[], { ends }: Scenario): Promise<void> {
  const isOver = () => world.postgres.flows.get(JOB)?.step === "completed";
  for (let turn = 0; turn < 200; turn++) {
    await sleep(200);
    if (!world.isAtRest) continue;
    if (ends && !isOver()) world.goOn(JOB, turn % 3 > 0);
    else if (witnesses.every(({ missing }) => missing.length === 0)) break;
  }
  await sleep(3_000);
}

/** Until disposed, the clock that never jumps goes with `time`, and on by `lookMs` with each look. */
function clockOf(time: VirtualTime, lookMs: number): Disposable {
  const now = performance.now;
  const begun = time.now();
  let looked = 0;
  performance.now = () => time.now() - begun + (looked += lookMs);
  return { [Symbol.dispose]: () => void (performance.now = now) };
}

Deno.test("G10 G14 whatever is lost, late, cut or away, each client is told each event of its kinds once, and the end last", async () => {
  const seed = Number(Deno.env.get("TEST_SEED") ?? 20_261_122);
  const scenarios = fc.asyncProperty(anyScenario, async (scenario) => {
    assertEquals(await play(scenario), []);
  });
  await fc.assert(scenarios, { seed, numRuns: RUNS });
});
