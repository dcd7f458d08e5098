import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { isTerminal } from "../event/status.ts";
import type { DockerState } from "./docker_status.ts";
import { statesOfLife } from "./life.ts";

const NEVER = "0001-01-01T00:00:00Z";
const CREATED = "2026-01-15T12:00:00.123456789Z";
const STARTED = "2026-01-15T12:00:01.5Z";
const FINISHED = "2026-01-15T12:00:09Z";

function facts(Status: string, rest: Partial<DockerState> = {}) {
  return {
    Created: CREATED,
    State: { Status, Running: false, StartedAt: NEVER, FinishedAt: NEVER, ExitCode: 0, Error: "", ...rest },
  };
}

/** `status@time` of each state. */
function story(...args: Parameters<typeof facts>): string[] {
  return statesOfLife(facts(...args)).map(({ status, timestamp }) => `${status}@${timestamp}`);
}

const created = "notStarted@2026-01-15T12:00:00.123456+00:00";
const started = "started@2026-01-15T12:00:01.500000+00:00";

Deno.test("statesOfLife() tells the whole life of a container that has ended", () => {
  const ended = facts("exited", { StartedAt: STARTED, FinishedAt: FINISHED, ExitCode: 3 });
  assertEquals(statesOfLife(ended), [
    {
      status: "notStarted",
      previous_status: null,
      timestamp: "2026-01-15T12:00:00.123456+00:00",
      exit_code: null,
      message: "created",
      reason: null,
    },
    {
      status: "started",
      previous_status: "notStarted",
      timestamp: "2026-01-15T12:00:01.500000+00:00",
      exit_code: null,
      message: "running",
      reason: null,
    },
    {
      status: "finishedWithError",
      previous_status: "started",
      timestamp: "2026-01-15T12:00:09+00:00",
      exit_code: 3,
      message: "exited",
      reason: { code: "exit", text: "exited with code 3" },
    },
  ]);
});

Deno.test("statesOfLife() stops at what has happened so far", () => {
  assertEquals(story("created"), [created]);
  assertEquals(story("running", { Running: true, StartedAt: STARTED }), [created, started]);
  assertEquals(story("paused", { Running: true, Paused: true, StartedAt: STARTED }), [created, started]);
});

Deno.test("statesOfLife() leaves the end of an earlier run out while the container runs again", () => {
  const again = { Running: true, StartedAt: FINISHED, FinishedAt: STARTED, ExitCode: 1 };
  assertEquals(story("running", again), [created, "started@2026-01-15T12:00:09+00:00"]);
});

Deno.test("statesOfLife() keeps a container whose start failed in notStarted, and says why", () => {
  for (const FinishedAt of [NEVER, FINISHED]) {
    const states = statesOfLife(facts("created", { FinishedAt, ExitCode: 127, Error: "no such file" }));
    assertEquals(states.map(({ status }) => status), ["notStarted"]);
    assertEquals(states[0]?.reason, { code: "start-failed", text: "could not be started: no such file" });
  }
});

Deno.test("G3 statesOfLife() tells no end of a container that never started, also while it is being removed", () => {
  for (const FinishedAt of [NEVER, FINISHED]) {
    const unstarted = { FinishedAt, ExitCode: 127, Error: "no such file" };
    const before = statesOfLife(facts("created", unstarted));
    assertEquals(before.map(({ status }) => status), ["notStarted"]);
    assertEquals(statesOfLife(facts("removing", unstarted)), before);
    assertEquals(statesOfLife(facts("removing", { ...unstarted, Dead: true })), before);
    assertEquals(statesOfLife(facts("dead", { ...unstarted, Dead: true })), before);
  }
});

Deno.test("statesOfLife() dates an end without a time by the container's start", () => {
  const dead = story("dead", { Dead: true, StartedAt: STARTED });
  assertEquals(dead[2], "finishedWithError@2026-01-15T12:00:01.500000+00:00");
});

Deno.test("G3 statesOfLife() tells the same end while the container is being removed, and after its removal failed", () => {
  for (const ExitCode of [0, 137]) {
    const end = { StartedAt: STARTED, FinishedAt: FINISHED, ExitCode };
    assertEquals(statesOfLife(facts("removing", end)), statesOfLife(facts("exited", end)));
    assertEquals(statesOfLife(facts("dead", { ...end, Dead: true })), statesOfLife(facts("exited", end)));
  }
});

Deno.test("statesOfLife() tells no end that the Engine does not know", () => {
  assertEquals(story("removing"), [created]);
  assertEquals(story("removing", { StartedAt: STARTED }), [created, started]);
  assertEquals(story("restarting", { StartedAt: STARTED, FinishedAt: FINISHED, ExitCode: 1 }), [
    created,
    started,
  ]);
});

Deno.test("statesOfLife() keeps the order of life when Docker dates the end before the start", () => {
  const states = story("exited", { StartedAt: FINISHED, FinishedAt: STARTED });
  assertEquals(states, [
    created,
    "started@2026-01-15T12:00:09+00:00",
    "finishedSuccessfully@2026-01-15T12:00:01.500000+00:00",
  ]);
});

Deno.test("statesOfLife() refuses a time it cannot read", () => {
  assertThrows(() => statesOfLife({ ...facts("created"), Created: "yesterday" }), RangeError, "yesterday");
});

Deno.test("G3 statesOfLife() never takes back what an earlier inspection of the same life told", () => {
  const code = fc.integer({ min: 0, max: 255 });
  fc.assert(fc.property(code, fc.boolean(), (ExitCode, OOMKilled) => {
    const end = { StartedAt: STARTED, FinishedAt: FINISHED, ExitCode, OOMKilled };
    const life = [
      facts("created"),
      facts("running", { Running: true, StartedAt: STARTED }),
      facts("exited", end),
      facts("removing", end),
      facts("dead", { ...end, Dead: true }),
    ].map(statesOfLife);
    life.forEach((states, index) => {
      assertEquals(states.slice(0, life[index - 1]?.length ?? 0), life[index - 1] ?? []);
      assert(states.every(({ status }, at) => !isTerminal(status) || at === states.length - 1));
      states.forEach((state, at) => assertEquals(state.previous_status, states[at - 1]?.status ?? null));
    });
  }));
});
