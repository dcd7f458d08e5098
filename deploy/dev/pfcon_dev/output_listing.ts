import { join } from "node:path";
import { HttpError } from "./http_error.ts";
import type { JobsOptions } from "./jobs.ts";
import { storePath } from "./store.ts";

/** What a job left in its output directory. */
export interface OutputListing {
  readonly job_output_path: string;
  readonly rel_file_paths: string[];
}

/**
 * Lists a job's output. For `fslink` the `.chrislink` files in it are deleted, as pfcon does; for `s3` the
 * job's own directory is listed.
 *
 * @throws {HttpError}
 */
export async function outputListing(
  { store, storage }: Pick<JobsOptions, "store" | "storage">,
  jid: string,
  given: string | null,
): Promise<OutputListing> {
  if (given === null && storage === "s3") {
    throw new HttpError(501, "zip files are not made here: give job_output_path");
  }
  if (given === null) throw new HttpError(400, { job_output_path: "this parameter is required" });
  const path = storePath(given);
  const dir = storage === "s3" ? join(store.keyDir(jid), "outgoing") : path;
  if (!await store.has(dir)) {
    throw new HttpError(storage === "s3" ? 500 : 404, `there is no directory "${dir}"`);
  }
  const files = await Array.fromAsync(store.files(dir));
  if (storage === "filesystem") return { job_output_path: path, rel_file_paths: files };
  const isLink = (file: string) => file.endsWith(".chrislink");
  if (storage === "fslink") {
    for (const link of files.filter(isLink)) await Deno.remove(store.path(join(dir, link)));
  }
  return { job_output_path: path, rel_file_paths: files.filter((file) => !isLink(file)) };
}
