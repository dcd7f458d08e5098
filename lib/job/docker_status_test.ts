import { assertEquals } from "@std/assert";
import { dockerReason, type DockerState, dockerStatus, startFailed } from "./docker_status.ts";

function state(Status: string, rest: Partial<DockerState> = {}): DockerState {
  return {
    Status,
    Running: false,
    Paused: false,
    OOMKilled: false,
    Dead: false,
    ExitCode: 0,
    Error: "",
    ...rest,
  };
}

const failedStart = state("created", { ExitCode: 127, Error: `exec: "/nosuch": no such file or directory` });

Deno.test("dockerStatus() lets running and paused win over everything else that is set", () => {
  assertEquals(dockerStatus(state("running", { Running: true, OOMKilled: true })), "started");
  assertEquals(dockerStatus(state("paused", { Paused: true })), "started");
  assertEquals(dockerStatus(state("restarting", { Running: true, ExitCode: 1 })), "started");
});

Deno.test("dockerStatus() calls a container whose memory ran out failed even after exit code 0", () => {
  assertEquals(dockerStatus(state("exited", { OOMKilled: true })), "finishedWithError");
});

Deno.test("dockerStatus() keeps a container whose start failed in notStarted", () => {
  assertEquals(dockerStatus(failedStart), "notStarted");
});

Deno.test("dockerStatus() calls an exit without a code an error, and unknown states undefined", () => {
  assertEquals(dockerStatus({ Status: "exited", Running: false }), "finishedWithError");
  assertEquals(dockerStatus(state("removing", { ExitCode: 3 })), "undefined");
  assertEquals(dockerStatus(state("stopped")), "undefined");
});

Deno.test("startFailed() tells a failed start from a container that waits to be started", () => {
  assertEquals(startFailed(failedStart), true);
  assertEquals(startFailed(state("created", { ExitCode: 126 })), true);
  assertEquals(startFailed(state("created")), false);
  assertEquals(startFailed(state("exited", { ExitCode: 127, Error: "x" })), false);
});

Deno.test("dockerReason() is silent while a container may still run, and after success", () => {
  for (
    const fine of [state("created"), state("running", { Running: true }), state("exited"), state("removing")]
  ) {
    assertEquals(dockerReason(fine), null, fine.Status);
  }
});

Deno.test("dockerReason() puts memory before the exit code that followed from it", () => {
  assertEquals(dockerReason(state("exited", { OOMKilled: true, ExitCode: 137 })), {
    code: "oom-killed",
    text: "ran out of memory and was killed: exited with code 137 (128 + signal 9, SIGKILL)",
  });
});

Deno.test("dockerReason() names the exit code, a dead container and a failed start", () => {
  assertEquals(dockerReason(state("exited", { ExitCode: 3 })), { code: "exit", text: "exited with code 3" });
  assertEquals(dockerReason(state("dead", { Dead: true }))?.code, "exit");
  assertEquals(dockerReason(failedStart), {
    code: "start-failed",
    text: `could not be started: exec: "/nosuch": no such file or directory`,
  });
  assertEquals(
    dockerReason(state("created", { ExitCode: 126 }))?.text,
    "could not be started: exited with code 126 (the command was found but cannot be executed)",
  );
});
