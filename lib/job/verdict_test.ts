import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { JOB_TYPES, type JobType } from "../event/status.ts";
import { type StepOutcome, type StepResult, stepResult, troubles, verdict } from "./verdict.ts";

const RESULTS = ["finishedSuccessfully", "finishedWithError", "undefined", "skipped", "not-run"] as const;

/** Everything went well, but for `changes`. */
function outcomes(changes: Partial<Record<JobType, StepResult>> = {}): StepOutcome[] {
  return JOB_TYPES.map((step) => ({ step, result: changes[step] ?? "finishedSuccessfully" }));
}

Deno.test("verdict() is success when every wanted step succeeded", () => {
  assertEquals(verdict(outcomes()), "finishedSuccessfully");
  assertEquals(
    verdict(outcomes({ copy: "skipped", upload: "skipped", delete: "skipped" })),
    "finishedSuccessfully",
  );
  assertEquals(verdict([{ step: "plugin", result: "finishedSuccessfully" }]), "finishedSuccessfully");
});

Deno.test("verdict() is finishedWithError when the plugin ran and its end is bad or unknown", () => {
  assertEquals(verdict(outcomes({ plugin: "finishedWithError" })), "finishedWithError");
  assertEquals(verdict(outcomes({ plugin: "undefined" })), "finishedWithError");
  assertEquals(verdict(outcomes({ plugin: "finishedWithError", upload: "skipped" })), "finishedWithError");
});

Deno.test("verdict() is failed when copy or upload went wrong in any way, whatever the plugin did", () => {
  for (const step of ["copy", "upload"] as const) {
    for (const result of ["finishedWithError", "undefined", "not-run"] as const) {
      assertEquals(verdict(outcomes({ [step]: result })), "failed", `${step} ${result}`);
      assertEquals(verdict(outcomes({ [step]: result, plugin: "finishedWithError" })), "failed");
    }
  }
});

Deno.test("verdict() is failed when the plugin never ran", () => {
  assertEquals(verdict(outcomes({ plugin: "not-run" })), "failed");
  assertEquals(verdict(outcomes({ plugin: "skipped" })), "failed");
  assertEquals(verdict([{ step: "copy", result: "finishedSuccessfully" }]), "failed");
  assertEquals(verdict([]), "failed");
});

Deno.test("verdict() is not spoiled by delete, which shows in troubles() instead", () => {
  for (const result of RESULTS) assertEquals(verdict(outcomes({ delete: result })), "finishedSuccessfully");
  assertEquals(troubles(outcomes({ delete: "not-run" })), "delete could not be run");
});

Deno.test("verdict() counts the last of several outcomes of one step", () => {
  assertEquals(verdict([...outcomes({ copy: "not-run" }), ...outcomes()]), "finishedSuccessfully");
  assertEquals(verdict([...outcomes(), { step: "upload", result: "undefined" }]), "failed");
});

Deno.test("verdict() of a cancelled workflow is cancelled, however far it came", () => {
  assertEquals(verdict(outcomes({ plugin: "finishedWithError" }), { cancelled: true }), "cancelled");
  assertEquals(verdict([], { cancelled: true }), "cancelled");
});

Deno.test("verdict() and troubles() agree: no success with trouble in any step but delete", () => {
  const change = fc.record(
    Object.fromEntries(JOB_TYPES.map((step) => [step, fc.constantFrom(...RESULTS)])) as Record<
      JobType,
      fc.Arbitrary<StepResult>
    >,
  );
  fc.assert(fc.property(change, (changes) => {
    const wrong = troubles(outcomes({ ...changes, delete: "finishedSuccessfully" })) !== null;
    const good = verdict(outcomes(changes)) === "finishedSuccessfully";
    assertEquals(good, !wrong && changes.plugin === "finishedSuccessfully");
  }));
});

Deno.test("troubles() names each step that went wrong, with its reason", () => {
  assertEquals(troubles(outcomes({ copy: "skipped" })), null);
  assertEquals(
    troubles([
      { step: "plugin", result: "finishedWithError", error: "exited with code 3" },
      { step: "upload", result: "undefined" },
    ]),
    "plugin ended with an error: exited with code 3; upload ended in a way nobody saw",
  );
});

Deno.test("stepResult() waits for the end of a container", () => {
  assertEquals(stepResult("notStarted"), null);
  assertEquals(stepResult("started"), null);
  assertEquals(stepResult("undefined"), "undefined");
  assertEquals(stepResult("finishedWithError", { code: "exit", text: "" }), "finishedWithError");
  assertEquals(stepResult("finishedWithError", { code: "evicted", text: "" }), "finishedWithError");
});

Deno.test("stepResult() calls a container that could not be started not-run, whatever its state", () => {
  for (const code of ["image-pull", "config", "start-failed", "rejected-by-pfcon"] as const) {
    assertEquals(stepResult("finishedWithError", { code, text: "" }), "not-run");
    assertEquals(stepResult("notStarted", { code, text: "" }), "not-run");
  }
});
