import { assertEquals } from "@std/assert";
import { computeOf, statusOf } from "./compute.ts";
import { shellJoin } from "./shell_join.ts";

const NEVER = "0001-01-01T00:00:00Z";
const EXITED = {
  Status: "exited",
  Running: false,
  Paused: false,
  OOMKilled: false,
  Dead: false,
  ExitCode: 0,
  StartedAt: "2026-11-21T22:53:31.1Z",
  FinishedAt: "2026-11-21T22:53:37.2Z",
};

Deno.test("statusOf() maps each state of the engine, the first that fits", () => {
  assertEquals(statusOf({ ...EXITED, Status: "running", Running: true }), "started");
  assertEquals(statusOf({ ...EXITED, Status: "paused", Running: true, Paused: true }), "started");
  assertEquals(statusOf({ ...EXITED, Status: "created", ExitCode: 127 }), "notStarted");
  assertEquals(statusOf({ ...EXITED, OOMKilled: true }), "finishedWithError");
  assertEquals(statusOf({ ...EXITED, Status: "dead", Dead: true }), "finishedWithError");
  assertEquals(statusOf(EXITED), "finishedSuccessfully");
  assertEquals(statusOf({ ...EXITED, ExitCode: 137 }), "finishedWithError");
  assertEquals(statusOf({ ...EXITED, Status: "removing" }), "undefined");
});

Deno.test("computeOf() shows when a container finished, else when it started", () => {
  const of = (times: { StartedAt?: string; FinishedAt?: string }) => {
    const Config = { Image: "i:1", Cmd: ["sh", "-c", "exit 3"], Labels: null };
    return computeOf("a-job", { Id: "1", Name: "/a-job-copy", State: { ...EXITED, ...times }, Config }, "")
      .timestamp;
  };
  assertEquals(of({}), EXITED.FinishedAt);
  assertEquals(of({ FinishedAt: NEVER }), EXITED.StartedAt);
  assertEquals(of({ FinishedAt: NEVER, StartedAt: NEVER }), NEVER);
});

Deno.test("shellJoin() quotes what a shell would split or change, and nothing else", () => {
  assertEquals(shellJoin(["sh", "-c", "exit 3", "/share/outgoing"]), "sh -c 'exit 3' /share/outgoing");
  assertEquals(shellJoin(["", "a=b@c:d,e.f+g%", "it's", "ü", "$x"]), `'' a=b@c:d,e.f+g% 'it'"'"'s' 'ü' '$x'`);
});
