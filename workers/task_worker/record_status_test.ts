import { assertEquals, assertNotEquals } from "@std/assert";
import { statusEventId } from "lib/event/event_id.ts";
import { JobStatus, type Reason, type StatusEvent } from "lib/event/status.ts";
import { confirmationOf, resultOf } from "./record_status.ts";

function event(changes: Partial<StatusEvent>): StatusEvent {
  const fact = {
    job_id: "trial-1",
    job_type: "plugin",
    status: "started",
    timestamp: "2026-01-15T12:01:02.000700+00:00",
    ...changes,
  } as const;
  return {
    event_id: statusEventId(fact),
    previous_status: null,
    image: "example/tool:1",
    cmd: "tool /share/incoming",
    message: "running",
    exit_code: null,
    source: "docker",
    container_id: "ab".repeat(32),
    reason: null,
    ...fact,
  };
}

const exit: Reason = { code: "exit", text: "exited with code 3" };

Deno.test("confirmationOf() repeats a terminal state with an id of its own that depends on nothing else", () => {
  const ended = event({ status: "finishedWithError", message: "exited", exit_code: 3, reason: exit });
  const confirmed = confirmationOf(ended);
  assertEquals(confirmed, {
    ...ended,
    event_id: statusEventId({ ...ended, status: "confirmed_finishedWithError" }),
    status: "confirmed_finishedWithError",
    previous_status: "finishedWithError",
    message: "confirmed",
  });
  assertNotEquals(confirmed?.event_id, ended.event_id);
  const toldAgain = confirmationOf({ ...ended, message: "dead", previous_status: "started" });
  assertEquals(toldAgain?.event_id, confirmed?.event_id);
});

Deno.test("G6 confirmationOf() confirms terminal states and no others, confirmations least of all", () => {
  const confirmed = JobStatus.options.map((status) => confirmationOf(event({ status }))?.status ?? null);
  assertEquals(confirmed, [
    null,
    null,
    "confirmed_finishedSuccessfully",
    "confirmed_finishedWithError",
    "confirmed_undefined",
  ]);
  assertEquals(confirmationOf(event({ status: "confirmed_undefined" })), null);
});

Deno.test("resultOf() is the end of a container that ran", () => {
  assertEquals(resultOf(event({ status: "finishedSuccessfully" })), "finishedSuccessfully");
  assertEquals(resultOf(event({ status: "finishedWithError", reason: exit })), "finishedWithError");
  assertEquals(resultOf(event({ status: "undefined", previous_status: "started" })), "undefined");
  assertEquals(resultOf(event({ status: "undefined", previous_status: null })), "undefined");
});

Deno.test("resultOf() calls it not-run when Kubernetes cannot start a step", () => {
  const reason: Reason = { code: "image-pull", text: "no such image" };
  assertEquals(resultOf(event({ status: "finishedWithError", reason })), "not-run");
});

Deno.test("resultOf() leaves a container that never started to whoever ordered it", () => {
  const reason: Reason = { code: "start-failed", text: "could not be started: no such file" };
  assertEquals(resultOf(event({ status: "notStarted" })), null);
  assertEquals(resultOf(event({ status: "notStarted", reason })), null);
  const vanished: Reason = { code: "vanished", text: "was removed" };
  assertEquals(
    resultOf(event({ status: "undefined", previous_status: "notStarted", reason: vanished })),
    null,
  );
});

Deno.test("resultOf() finds no end in a running container or a confirmation", () => {
  assertEquals(resultOf(event({ status: "started" })), null);
  assertEquals(resultOf(event({ status: "confirmed_finishedSuccessfully" })), null);
});
