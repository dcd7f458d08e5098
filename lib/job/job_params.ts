/**
 * What a job is asked to run: the body of `POST /api/jobs/{job_id}/run` (http.md), kept in `job_workflow.params`.
 *
 * @module
 */
import { z } from "@zod/zod";

/** Longest list and longest text that a request may hold. */
const MAX_ITEMS = 1_000;
const MAX_TEXT = 32_768;

/** Program text reaches the container as it is; what cannot, or cannot be stored, is refused. */
const Text = z.string().max(MAX_TEXT)
  .refine((text) => !text.includes("\0"), { error: "expected text without NUL" })
  .refine((text) => text.isWellFormed(), { error: "expected text without halves of characters" });

/** pfcon does not look for `..`, so a path that climbs out of the store is refused, also one within a list. */
const StorePath = Text.max(4_096)
  .refine((path) => !path.split(/[/,]/).some((name) => name.trim() === ".."), {
    error: "expected a path without '..' inside the store",
  });

/** Parameters of a job, with the reference's defaults. */
export const JobParams = z.strictObject({
  image: z.string({ error: "expected the name of a container image" }).max(1_024)
    .regex(/^[!-~]+$/, { error: "expected an image name in ASCII, without white space" }),
  entrypoint: z.array(Text.min(1), { error: "expected a list with at least the program's name" }).min(1).max(
    MAX_ITEMS,
  ),
  type: z.enum(["ds", "fs", "ts"]).default("ds"),
  args: z.array(Text).max(MAX_ITEMS).default([]),
  input_dirs: z.union([StorePath, z.array(StorePath).max(MAX_ITEMS)], {
    error: "expected a path or a list of paths",
  })
    .default(""),
  output_dir: StorePath.default(""),
  cpu_limit: z.int().min(1).max(1_000_000).default(1_000),
  memory_limit: z.int().min(1).max(10_000_000).default(300),
  gpu_limit: z.int().min(0).max(1_000).default(0),
  number_of_workers: z.int().min(1).max(10_000).default(1),
  env: z.array(Text.regex(/^[^=]+=/, { error: "expected KEY=VALUE" })).max(MAX_ITEMS).default([]),
  auid: Text.max(256).default("cube"),
});
/** Parameters of a job. */
export type JobParams = z.infer<typeof JobParams>;

/** Input directories as a list, whichever form the request used. A comma separates several in one text. */
export function inputDirs(params: Pick<JobParams, "input_dirs">): string[] {
  const dirs = typeof params.input_dirs === "string" ? params.input_dirs.split(",") : params.input_dirs;
  return dirs.map(plainPath).filter((dir) => dir !== "");
}

/**
 * Where the job's output goes. pfcon would mount its whole store, writable, for a path that names nothing (`/`,
 * `.`), so a job with such a path gets a folder of its own.
 */
export function outputDir(jobId: string, params: Pick<JobParams, "output_dir">): string {
  return plainPath(params.output_dir) || `jobs/${jobId}`;
}

/** The path below the store with nothing in it that means nothing: empty if it is the store itself. */
function plainPath(path: string): string {
  return path.trim().split("/").filter((name) => name !== "" && name !== ".").join("/");
}
