/**
 * Whose container is this: from its name and labels to job id and job type, and back (wire.md §7).
 *
 * @module
 */
import { JobType } from "../event/status.ts";

/** What a container is called behind its job's id, by job type; the plugin's own container has no suffix. */
const SUFFIX: Readonly<Record<JobType, string>> = {
  plugin: "",
  copy: "-copy",
  upload: "-upload",
  delete: "-delete",
};

/** Endings of container names that mark a step; no job id may end so. */
export const JOB_SUFFIXES: readonly string[] = Object.values(SUFFIX).filter((suffix) => suffix !== "");

/** Which job, and which of its containers. */
export interface Identity {
  readonly job_id: string;
  readonly job_type: JobType;
}

/**
 * Job id and job type of a container or Kubernetes Job called `name` (Docker's leading slash is allowed).
 *
 * One suffix is always taken off the name. The label `jobTypeLabel` decides the type if it holds a valid one,
 * otherwise the suffix does. Null if no job id remains.
 */
export function identify(
  name: string,
  labels: Readonly<Record<string, string | undefined>>,
  jobTypeLabel: string,
): Identity | null {
  const bare = name.startsWith("/") ? name.slice(1) : name;
  const suffixed = JobType.options.find((type) => SUFFIX[type] !== "" && bare.endsWith(SUFFIX[type])) ??
    "plugin";
  const job_id = bare.slice(0, bare.length - SUFFIX[suffixed].length);
  if (job_id === "") return null;
  const labelled = JobType.safeParse(labels[jobTypeLabel]);
  return { job_id, job_type: labelled.success ? labelled.data : suffixed };
}

/** The name pfcon gives to the container (on Kubernetes: the Job) of one of a job's steps. */
export function containerName(jobId: string, jobType: JobType): string {
  return jobId + SUFFIX[jobType];
}
