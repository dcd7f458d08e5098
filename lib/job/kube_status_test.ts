import { assertEquals } from "@std/assert";
import { kubeJobStatus, type KubePodStatus, kubeReason, kubeStuckReason } from "./kube_status.ts";

const failed = (reason?: string, message?: string) => ({
  failed: 1,
  conditions: [{ type: "Failed", status: "True", reason, message }],
});
const waiting = (reason: string, message?: string): KubePodStatus => ({
  containerStatuses: [{ state: { waiting: { reason, message } } }],
});
const terminated = (exitCode: number, reason?: string, message?: string): KubePodStatus => ({
  containerStatuses: [{ state: { terminated: { exitCode, reason, message } } }],
});

Deno.test("kubeJobStatus() goes by a Failed condition only when it is True", () => {
  assertEquals(kubeJobStatus({ ...failed(), active: 1 }), "finishedWithError");
  assertEquals(kubeJobStatus({ active: 1, conditions: [{ type: "Failed", status: "False" }] }), "started");
  assertEquals(
    kubeJobStatus({ active: 1, conditions: [{ type: "FailureTarget", status: "True" }] }),
    "started",
  );
});

Deno.test("kubeJobStatus() needs both a completion time and a success", () => {
  assertEquals(kubeJobStatus({ completionTime: new Date(0), succeeded: 1 }), "finishedSuccessfully");
  assertEquals(kubeJobStatus({ completionTime: new Date(0), failed: 1 }), "undefined");
  assertEquals(kubeJobStatus({ succeeded: 1 }), "undefined");
});

Deno.test("kubeJobStatus() reads counts of zero as absent", () => {
  assertEquals(kubeJobStatus({ active: 0, succeeded: 0, failed: 0 }), "started");
  assertEquals(kubeJobStatus({ active: 0, failed: 1 }), "undefined");
});

Deno.test("kubeStuckReason() knows every waiting reason a pod does not get out of", () => {
  const codes = {
    ErrImagePull: "image-pull",
    ImagePullBackOff: "image-pull",
    InvalidImageName: "image-pull",
    CreateContainerConfigError: "config",
    CreateContainerError: "start-failed",
    RunContainerError: "start-failed",
  } as const;
  for (const [reason, code] of Object.entries(codes)) {
    assertEquals(kubeStuckReason(waiting(reason, "no luck")), { code, text: `${reason}: no luck` });
  }
});

Deno.test("kubeStuckReason() leaves pods alone that only take their time", () => {
  for (const pod of [waiting("ContainerCreating"), waiting("PodInitializing"), {}, terminated(1)]) {
    assertEquals(kubeStuckReason(pod), null);
  }
  assertEquals(kubeStuckReason(waiting("ErrImagePull")), { code: "image-pull", text: "ErrImagePull" });
});

Deno.test("kubeReason() puts the deadline before what it did to the pod", () => {
  const job = failed("DeadlineExceeded", "Job was active longer than specified deadline");
  assertEquals(kubeReason(job, [terminated(137)]), {
    code: "deadline",
    text: "DeadlineExceeded: Job was active longer than specified deadline",
  });
});

Deno.test("kubeReason() finds the cause outside the container before its exit code", () => {
  const evicted = {
    ...terminated(137, "OOMKilled"),
    reason: "Evicted",
    message: "The node was low on memory",
  };
  assertEquals(kubeReason(failed("BackoffLimitExceeded"), [evicted]), {
    code: "evicted",
    text: "Evicted: The node was low on memory",
  });
  const disrupted = (reason: string) => ({
    ...terminated(143),
    conditions: [{ type: "DisruptionTarget", status: "True", reason }],
  });
  assertEquals(kubeReason(failed(), [disrupted("DeletionByTaintManager")])?.code, "node-lost");
  assertEquals(kubeReason(failed(), [disrupted("PreemptionByScheduler")])?.code, "evicted");
  assertEquals(kubeReason(failed(), [disrupted("SomethingNew")])?.code, "exit");
});

Deno.test("kubeReason() tells memory, a failed start and an exit code apart", () => {
  assertEquals(kubeReason(failed(), [terminated(137, "OOMKilled")])?.code, "oom-killed");
  assertEquals(kubeReason(failed(), [terminated(128, "StartError", "no such file")]), {
    code: "start-failed",
    text: "StartError: no such file",
  });
  assertEquals(kubeReason(failed(), [terminated(3, "Error")]), { code: "exit", text: "exited with code 3" });
});

Deno.test("kubeReason() looks at all pods, and at the Job's own words when there is none", () => {
  assertEquals(kubeReason(failed(), [{}, terminated(3)])?.text, "exited with code 3");
  assertEquals(kubeReason(failed("BackoffLimitExceeded", "Job has reached the limit")), {
    code: "exit",
    text: "BackoffLimitExceeded: Job has reached the limit",
  });
  assertEquals(kubeReason(failed()), { code: "exit", text: "Failed" });
});

Deno.test("kubeReason() is silent about a Job that did not fail", () => {
  assertEquals(kubeReason({ active: 1 }, [{}]), null);
  assertEquals(kubeReason({ succeeded: 1, completionTime: "2026-01-15T12:01:02Z" }, [terminated(0)]), null);
});
