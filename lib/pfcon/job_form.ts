/**
 * A job as the form fields that pfcon's collections take.
 *
 * @module
 */
import type { JobType } from "../event/status.ts";

/** One job with all that any of its steps needs. Paths are relative to pfcon's store. */
export interface PfconJob {
  readonly job_id: string;
  readonly image: string;
  readonly entrypoint: readonly string[];
  readonly type: "ds" | "fs" | "ts";
  readonly args: readonly string[];
  readonly input_dirs: readonly string[];
  readonly output_dir: string;
  /** Thousandths of a CPU. */
  readonly cpu_limit: number;
  /** MiB. */
  readonly memory_limit: number;
  readonly gpu_limit: number;
  readonly number_of_workers: number;
  /** `KEY=VALUE` each. */
  readonly env: readonly string[];
  readonly auid: string;
}

/** The path segment of a step's collection. */
export function collectionOf(step: JobType): string {
  return `${step}jobs`;
}

/**
 * The form that schedules a step: lists as repeated keys. The limits are those of the plugin; copy, upload and
 * delete run with pfcon's own defaults, since a small plugin limit would kill them and a large one keep them
 * waiting.
 */
export function jobForm(step: JobType, job: PfconJob): URLSearchParams {
  const form = new URLSearchParams({ jid: job.job_id });
  const addAll = (key: string, values: readonly string[]) =>
    values.forEach((value) => form.append(key, value));
  if (step === "copy") {
    addAll("input_dirs", job.input_dirs);
    form.set("output_dir", job.output_dir);
  }
  if (step === "upload") form.set("job_output_path", job.output_dir);
  if (step === "plugin") {
    for (const key of ["auid", "image", "type", "output_dir"] as const) form.set(key, job[key]);
    for (const key of ["number_of_workers", "cpu_limit", "memory_limit", "gpu_limit"] as const) {
      form.set(key, String(job[key]));
    }
    for (const key of ["entrypoint", "args", "env", "input_dirs"] as const) addAll(key, job[key]);
  }
  return form;
}
