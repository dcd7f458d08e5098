import { assert, assertEquals } from "@std/assert";
import { statusId, wireTime } from "./check/ids.ts";
import { entry, JOB, type SoundRun, soundRun } from "./check/sound_run.ts";
import { check, violations } from "./check.ts";
import type { Observations } from "./observations.ts";

const LIMITS = { graceMs: 1_000, overWithinMs: 120_000 };

/** Guarantees that are said to be broken, each once. */
function broken({ truth, observations }: SoundRun): string[] {
  const found = violations(check([truth], observations, LIMITS));
  return [...new Set(found.map(({ guarantee }) => guarantee))];
}

/** The run with something else in place of what was seen. */
function but(change: (observations: Observations) => Partial<Observations>): SoundRun {
  const run = soundRun();
  return { ...run, observations: { ...run.observations, ...change(run.observations) } };
}

/** The log store's answer with other lines. */
const answering = (change: (lines: readonly { line: string }[]) => readonly unknown[]) =>
  but(({ finals }) => ({ finals: finals.map((answer) => ({ ...answer, logs: change(answer.logs) })) }));

const poison = (stream: string) =>
  ({ stream, id: "99-0", kind: "poison", fields: { data: "\x80{" }, generation: 0 }) as const;
const letter = (data: string, generation = 0) => ({
  stream: "stream:job-logs-dlq",
  id: "1-0",
  fields: { data, reason: "undecodable", origin_stream: "stream:job-logs:0", origin_id: "99-0" },
  generation,
});

Deno.test("nothing is broken in a run in which everything went well", () => {
  assertEquals(broken(soundRun()), []);
});

Deno.test("G1 a line that is missing in the log store's answer is found", () => {
  assertEquals(broken(answering((lines) => lines.toSpliced(2, 1))), ["G1"]);
});

Deno.test("G1 a line that is there twice in the log store's answer is found", () => {
  assert(broken(answering((lines) => [...lines, lines[2]])).includes("G1"));
});

Deno.test("G1 a line that is published twice is found, unless Redis was lost between or the harness did it", () => {
  const again = (observations: Observations, generation: number) => {
    const line = observations.entries.find(({ data }) => data.includes('"two"'));
    return entry("stream:job-logs:0", 500, JSON.parse(line?.data ?? ""), generation);
  };
  const doubled = but((all) => ({ entries: [...all.entries, again(all, 0)] }));
  assert(broken(doubled).includes("G1"));
  assertEquals(broken(but((all) => ({ entries: [...all.entries, again(all, 1)] }))), []);
  const injected = {
    stream: "stream:job-logs:0",
    id: "501-0",
    kind: "duplicate",
    fields: {},
    generation: 0,
  } as const;
  assertEquals(
    broken(but((all) => ({ entries: [...all.entries, again(all, 0)], injected: [injected] }))),
    [],
  );
});

Deno.test("G10 a client that is told an event again is found, whatever Redis lost", () => {
  const again = (kind: string, redisLosses: Observations["redisLosses"]) =>
    broken(but(({ events }) => ({
      events: events.flatMap((one) => one.kind === kind ? [one, one] : [one]),
      redisLosses,
    })));
  for (const kind of ["status", "workflow", "logs"]) {
    assertEquals(again(kind, []), ["G10"]);
    assertEquals(again(kind, [{ after: 0, noticed: 1 }]), ["G10"]);
  }
  assertEquals(again("end", []), ["G10"]);
});

Deno.test("G10 a gap that is told where the lines can be had, and one about nothing, are found", () => {
  const gap = (data: object) =>
    broken(but(({ events }) => ({
      events: [{ client: "stays", jobId: JOB, kind: "gap", id: "x", data, at: 1 }, ...events],
    })));
  assertEquals(gap({ from: 2, to: 3, job_type: "plugin", reason: "lost" }), ["G10"]);
  assertEquals(gap({ from: 9, to: 12, job_type: "plugin", reason: "lost" }), []);
  assertEquals(gap({ from: 2, to: 1, job_type: "plugin", reason: "lost" }), ["G10"]);
  assertEquals(gap({ from: 2, to: 3, job_type: "other", reason: "lost" }), ["G10"]);
});

Deno.test("G1 an end of stream that counts wrong, and a client that is not told the end, are found", () => {
  const miscounted = but(({ events }) => ({
    events: events.map((event) => event.data.eos ? { ...event, data: { ...event.data, seq: 9 } } : event),
  }));
  assert(broken(miscounted).includes("G1"));
  assert(broken(but(() => ({ clients: [{ client: "stays", jobId: JOB, ended: false }] }))).includes("G1"));
});

Deno.test("G2 a changed byte is found, and is no lost line", () => {
  const changed = answering((lines) =>
    lines.map((one) => one.line === "two" ? { ...one, line: "tw0" } : one)
  );
  assertEquals(broken(changed), ["G2"]);
});

Deno.test("G3 a state that is missing, doubled, or told with another time is found", () => {
  const without = (status: string) =>
    but(({ entries }) => ({ entries: entries.filter(({ data }) => !data.includes(`"${status}"`)) }));
  assert(broken(without("started")).includes("G3"));
  const timestamp = wireTime("2026-01-01T00:01:00.25Z");
  const event = { event_id: statusId(JOB, "plugin", "started", timestamp), job_id: JOB, job_type: "plugin" };
  const wrong = { ...event, status: "started", timestamp, container_id: "id-of-plugin" };
  const more = but(({ entries }) => ({ entries: [...entries, entry("stream:job-status:0", 700, wrong)] }));
  assert(broken(more).includes("G3"));
});

Deno.test("G3 a wrong exit code is found", () => {
  const wrong = but(({ finals }) => ({
    finals: finals.map((answer) => ({
      ...answer,
      statuses: answer.statuses.map((one) => one.exit_code === 0 ? { ...one, exit_code: 7 } : one),
    })),
  }));
  assertEquals(broken(wrong), ["G3"]);
});

Deno.test("G4 a job whose entries are on two shards is found", () => {
  const divided = but(({ entries }) => ({
    entries: entries.map((one, index) => index === 3 ? { ...one, stream: "stream:job-status:1" } : one),
  }));
  assertEquals(broken(divided), ["G4"]);
});

Deno.test("G7 a workflow event with a wrong id is found", () => {
  const wrong = but(({ entries }) => ({
    entries: entries.map((one) => ({
      ...one,
      data: one.data.replace(/"event_id":"\w+"(?=.*"cleanup")/, '"event_id":"x"'),
    })),
  }));
  assert(broken(wrong).includes("G7"));
});

Deno.test("G4 lines in another order, and states in another order, are found", () => {
  assertEquals(broken(answering((lines) => [lines[0], lines[2], lines[1], ...lines.slice(3)])), ["G4"]);
  const reversed = but(({ finals }) => ({
    finals: finals.map((answer) => ({ ...answer, statuses: answer.statuses.toReversed() })),
  }));
  assertEquals(broken(reversed), ["G4"]);
});

Deno.test("G5 a removal before the lines were stored, or that nobody asked for, is found", () => {
  const early = but(({ containers }) => ({
    containers: containers.map((one) => ({ ...one, storedBeforeRemoval: 0 })),
  }));
  assertEquals(broken(early), ["G5"]);
  assertEquals(broken(but(() => ({ pfconCalls: [] }))), ["G5"]);
});

Deno.test("G6 a confirmation that is lost, early, or of nothing that was durable is found", () => {
  const isConfirmation = ({ data }: { data: string }) => data.includes('"confirmed_');
  assert(
    broken(but(({ entries }) => ({ entries: entries.filter((one) => !isConfirmation(one)) }))).includes("G6"),
  );
  const early = but(({ entries }) => ({
    entries: entries.toSorted((a, b) => +isConfirmation(b) - +isConfirmation(a)),
  }));
  assert(broken(early).includes("G6"));
  assertEquals(broken(but(() => ({ confirmations: [{ jobId: JOB, eventId: "any", durable: false }] }))), [
    "G6",
  ]);
});

Deno.test("G7 a wrong result, a late one, and a step that ran twice are found", () => {
  const result = (workflow: object) =>
    but(({ finals }) => ({
      finals: finals.map((answer) => ({ ...answer, workflow: { ...answer.workflow, ...workflow } })),
    }));
  assertEquals(broken(result({ status: "failed" })), ["G7"]);
  const late = result({ updated_at: "1970-01-01T00:05:00Z" });
  assertEquals(broken(late), ["G7"]);
  const onSlowMachine = { ...late, observations: { ...late.observations, stolenMs: 200_000 } };
  assertEquals(broken(onSlowMachine), [], "what was taken from the machine does not count");
  const twice = but(({ containers }) => ({ containers: [...containers, ...containers.slice(1, 2)] }));
  assert(broken(twice).includes("G7"));
});

Deno.test("G8 a good entry among the dead letters is found, poison is not", () => {
  assertEquals(broken(but(() => ({ deadLetters: [letter(`{"job_id":"${JOB}"}`)] }))), ["G8"]);
  const deadLettered = but(() => ({
    deadLetters: [letter("\x80{")],
    injected: [poison("stream:job-logs:0")],
  }));
  assertEquals(broken(deadLettered), []);
});

Deno.test("G9 poison without a dead letter, or with other bytes, is found, unless Redis lost it", () => {
  const injected = [poison("stream:job-logs:0")];
  assertEquals(broken(but(() => ({ injected }))), ["G9"]);
  assertEquals(broken(but(() => ({ injected, deadLetters: [letter("{")] }))), ["G9"]);
  assertEquals(broken(but(() => ({ injected, redisLosses: [{ after: 4_000, noticed: 5_000 }] }))), []);
});

Deno.test("G14 a line that is missing after a loss of Redis is found as such", () => {
  const lost = answering((lines) => lines.toSpliced(2, 1));
  const noticed = Date.parse("2026-01-01T00:01:30Z");
  const redisLosses = [{ after: noticed - 10, noticed }];
  const containers = lost.observations.containers.map((one) => ({
    ...one,
    removedAt: Date.parse("2026-01-02"),
  }));
  const pfconCalls = lost.observations.pfconCalls;
  const run = { ...lost, observations: { ...lost.observations, redisLosses, containers, pfconCalls } };
  assertEquals(broken(run), ["G1", "G14"]);
});

Deno.test("G15 a worker that ends late, or with a code, is found; a second signal may cut it short", () => {
  const stop = (how: object) => but(() => ({ stops: [{ worker: "w", code: 0, ms: 1, signals: 1, ...how }] }));
  assertEquals(broken(stop({ code: 1 })), ["G15"]);
  const ranOut = { code: 1, ms: LIMITS.graceMs };
  assertEquals(broken(stop(ranOut)), ["G15"]);
  assertEquals(broken(stop({ ...ranOut, lateMs: 2_500 })), []);
  assertEquals(broken(stop({ ...ranOut, ms: 100, lateMs: 2_500 })), ["G15"]);
  assertEquals(broken(stop({ ms: 5_000 })), ["G15"]);
  assertEquals(broken(stop({ code: 143, signals: 2 })), []);
});

Deno.test("G16 workers that never became ready are found", () => {
  assertEquals(broken(but(() => ({ healedAt: null }))), ["G16"]);
});

Deno.test("a guarantee for which nothing was compared says so", () => {
  const { truth, observations } = but(() => ({ stops: [] }));
  const results = check([truth], observations, LIMITS);
  assertEquals([results.G14?.checked, results.G15?.checked], [0, 0]);
  assert((results.G1?.checked ?? 0) > 0);
});

Deno.test("the checker imports nothing of the system, only itself, what was seen and what is true", async () => {
  const folder = new URL("./check/", import.meta.url);
  const files = [new URL("./check.ts", import.meta.url), new URL("./truth.ts", import.meta.url)];
  for await (const { name } of Deno.readDir(folder)) {
    if (!name.endsWith("_test.ts")) files.push(new URL(name, folder));
  }
  const allowed = /^(node:(crypto|buffer)|\.\.?\/(check\/)?[\w]+\.ts)$/;
  for (const file of files) {
    const imports = [...(await Deno.readTextFile(file)).matchAll(/from "([^"]+)"/g)].map(([, from = ""]) =>
      from
    );
    assertEquals(imports.filter((from) => !allowed.test(from)), [], file.pathname);
  }
});
