import type { JobParams } from "lib/client/chris_client.ts";
import { LIST, oneOf, TEXT, wholeNumber } from "../command/option.ts";
import { splitWords } from "../../workers/sse_service/jobs/split_words.ts";

/** Options of `run` that say what is to be run. */
export const JOB_OPTIONS = {
  "image": TEXT,
  "entrypoint": LIST,
  "args": LIST,
  "env": LIST,
  "type": TEXT,
  "input-dirs": LIST,
  "output-dir": TEXT,
  "cpu-limit": TEXT,
  "memory-limit": TEXT,
  "gpu-limit": TEXT,
  "number-of-workers": TEXT,
  "auid": TEXT,
} as const;

/** What the command line says of {@link JOB_OPTIONS}. */
export type JobValues = {
  readonly [Name in keyof typeof JOB_OPTIONS]?: (typeof JOB_OPTIONS)[Name] extends typeof LIST ? string[]
    : string;
};

/**
 * The fields of a job's parameters that the command line gives. `exactArgs`: words after `--`. Pure.
 *
 * @throws {RangeError} if an option cannot be read.
 */
export function jobRequest(values: JobValues, exactArgs: readonly string[]): Partial<JobParams> {
  const args = [...words(values.args), ...exactArgs];
  const given: { [Name in keyof JobParams]?: JobParams[Name] | undefined } = {
    image: values.image,
    entrypoint: values.entrypoint && words(values.entrypoint),
    args: args.length > 0 ? args : undefined,
    env: values.env,
    type: oneOf("--type", values.type, ["ds", "fs", "ts"]),
    input_dirs: values["input-dirs"],
    output_dir: values["output-dir"],
    cpu_limit: wholeNumber("--cpu-limit", values["cpu-limit"]),
    memory_limit: wholeNumber("--memory-limit", values["memory-limit"]),
    gpu_limit: wholeNumber("--gpu-limit", values["gpu-limit"]),
    number_of_workers: wholeNumber("--number-of-workers", values["number-of-workers"]),
    auid: values.auid,
  };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

/**
 * What a file says about a job: the parameters, perhaps with the job's id among them. Pure.
 *
 * @throws {RangeError} if it is no JSON object.
 */
export function jobFile(
  text: string,
  name: string,
): { jobId: string | undefined; params: Partial<JobParams> } {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new RangeError(`Cannot use ${name}: ${(error as Error).message}`);
  }
  if (value === null || typeof value !== "object" || Array.isArray(value)) {
    throw new RangeError(`Cannot use ${name}: expected a JSON object with image, entrypoint, …`);
  }
  const { job_id, ...params } = value as { job_id?: unknown } & Partial<JobParams>;
  if (job_id !== undefined && typeof job_id !== "string") {
    throw new RangeError(`Cannot use ${name}: job_id is no text`);
  }
  return { jobId: job_id, params };
}

function words(texts: readonly string[] | undefined): string[] {
  return (texts ?? []).flatMap(splitWords);
}
