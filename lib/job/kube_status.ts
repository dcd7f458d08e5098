/**
 * A Kubernetes Job's state as pfcon and CUBE name it, and why it or its pod failed (wire.md §7). Types hold
 * the fields that matter here, named as the API names them.
 *
 * @module
 */
import type { JobStatus, Reason } from "../event/status.ts";
import { exitReason, exitText } from "./exit_reason.ts";

/** One condition of a Job's or a Pod's status. */
export interface KubeCondition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
}

/** `status` of a Job. Counts that are zero are usually left out. */
export interface KubeJobStatus {
  readonly conditions?: readonly KubeCondition[];
  readonly completionTime?: Date | string;
  readonly active?: number;
  readonly succeeded?: number;
  readonly failed?: number;
}

/** `status` of a Pod. */
export interface KubePodStatus {
  readonly reason?: string;
  readonly message?: string;
  readonly conditions?: readonly KubeCondition[];
  readonly containerStatuses?: readonly {
    readonly state?: {
      readonly waiting?: { readonly reason?: string; readonly message?: string };
      readonly terminated?: {
        readonly exitCode: number;
        readonly reason?: string;
        readonly message?: string;
      };
    };
  }[];
}

/** Waiting reasons a pod does not get out of by itself, and what they are called on the wire. */
const STUCK: ReadonlyMap<string, Reason["code"]> = new Map([
  ["ErrImagePull", "image-pull"],
  ["ImagePullBackOff", "image-pull"],
  ["InvalidImageName", "image-pull"],
  ["CreateContainerConfigError", "config"],
  ["CreateContainerError", "start-failed"],
  ["RunContainerError", "start-failed"],
]);

/** Reasons of a pod's end (its own, or of its condition DisruptionTarget) that lie outside its container. */
const DISRUPTIONS: ReadonlyMap<string, Reason["code"]> = new Map([
  ["Evicted", "evicted"],
  ["Preempting", "evicted"],
  ["PreemptionByScheduler", "evicted"],
  ["EvictionByEvictionAPI", "evicted"],
  ["TerminationByKubelet", "evicted"],
  ["NodeLost", "node-lost"],
  ["NodeShutdown", "node-lost"],
  ["Terminated", "node-lost"],
  ["DeletionByTaintManager", "node-lost"],
  ["DeletionByPodGC", "node-lost"],
  ["DeadlineExceeded", "deadline"],
]);

/**
 * The Job's state on the wire. `undefined` is a normal moment between a pod's end and its Job's: whoever sees
 * it looks again before telling anyone.
 */
export function kubeJobStatus(status: KubeJobStatus): JobStatus {
  if (failedCondition(status)) return "finishedWithError";
  if (status.completionTime && status.succeeded) return "finishedSuccessfully";
  if (status.active) return "started";
  if (!status.succeeded && !status.failed) return "started";
  return "undefined";
}

/** Why a pod waits for something that will not come (image, configuration, command); null if it does not. */
export function kubeStuckReason(pod: KubePodStatus): Reason | null {
  for (const { state } of pod.containerStatuses ?? []) {
    const code = STUCK.get(state?.waiting?.reason ?? "");
    if (code) return { code, text: sentence(state?.waiting?.reason, state?.waiting?.message) };
  }
  return null;
}

/**
 * Why a Job failed, the most telling cause first: its deadline, its pod's eviction or node, its memory, what
 * the pod still waits for, the exit code of its container, and last the Job's own words. Null for a Job that
 * did not fail. `pods` may be empty: they may be gone before their Job.
 */
export function kubeReason(job: KubeJobStatus, pods: readonly KubePodStatus[] = []): Reason | null {
  const failed = failedCondition(job);
  if (failed?.reason === "DeadlineExceeded") {
    return { code: "deadline", text: sentence(failed.reason, failed.message) };
  }
  const podReason = first(pods, disruption) ?? first(pods, outOfMemory) ?? first(pods, kubeStuckReason) ??
    first(pods, exit);
  if (podReason) return podReason;
  return failed ? { code: "exit", text: sentence(failed.reason ?? "Failed", failed.message) } : null;
}

function failedCondition(status: KubeJobStatus): KubeCondition | undefined {
  return status.conditions?.find(({ type, status }) => type === "Failed" && status === "True");
}

function disruption(pod: KubePodStatus): Reason | null {
  const own = DISRUPTIONS.get(pod.reason ?? "");
  if (own) return { code: own, text: sentence(pod.reason, pod.message) };
  const target = pod.conditions?.find(({ type, status }) => type === "DisruptionTarget" && status === "True");
  const code = DISRUPTIONS.get(target?.reason ?? "");
  return code ? { code, text: sentence(target?.reason, target?.message) } : null;
}

function outOfMemory(pod: KubePodStatus): Reason | null {
  for (const { state } of pod.containerStatuses ?? []) {
    if (state?.terminated?.reason !== "OOMKilled") continue;
    return {
      code: "oom-killed",
      text: `ran out of memory and was killed: ${exitText(state.terminated.exitCode)}`,
    };
  }
  return null;
}

function exit(pod: KubePodStatus): Reason | null {
  for (const { state } of pod.containerStatuses ?? []) {
    const { exitCode = 0, reason, message } = state?.terminated ?? {};
    if (reason === "ContainerCannotRun" || reason === "StartError") {
      return { code: "start-failed", text: sentence(reason, message) };
    }
    const found = exitReason(exitCode);
    if (found) return found;
  }
  return null;
}

/** The first of the pods' reasons of one kind. */
function first(
  pods: readonly KubePodStatus[],
  reasonOf: (pod: KubePodStatus) => Reason | null,
): Reason | null {
  for (const pod of pods) {
    const reason = reasonOf(pod);
    if (reason) return reason;
  }
  return null;
}

function sentence(reason: string | undefined, message: string | undefined): string {
  return [reason, message].filter(Boolean).join(": ");
}
