/**
 * The store directory: where jobs' data lie, as seen here and as seen by the engine.
 *
 * @module
 */
import { join } from "node:path";
import { HttpError } from "./http_error.ts";

/** The store under its two names. */
export class Store {
  /** `here`: as this process sees it. `host`: as the engine sees it, for bind mounts. Often the same. */
  constructor(readonly here: string, readonly host: string) {}

  /** The data directory of a job, relative to the store. */
  keyDir(jid: string): string {
    if (/[/\0]/.test(jid) || jid === "") throw new HttpError(500, `"${jid}" is no name for a container`);
    return `key-${jid}`;
  }

  /** The path for a bind mount. */
  hostPath(relative: string): string {
    return join(this.host, relative);
  }

  /** The path for this process. */
  path(relative: string): string {
    return join(this.here, relative);
  }

  /** Makes a directory and those above it. */
  async make(relative: string, mode?: number): Promise<void> {
    await Deno.mkdir(this.path(relative), { recursive: true });
    if (mode !== undefined) await Deno.chmod(this.path(relative), mode);
  }

  /** Whether there is such a directory. */
  async has(relative: string): Promise<boolean> {
    return await Deno.stat(this.path(relative)).then((info) => info.isDirectory, () => false);
  }

  /** Removes a directory if it is there and empty. */
  async removeEmpty(relative: string): Promise<void> {
    await Deno.remove(this.path(relative)).catch(() => {});
  }

  /** Files below a directory, relative to it; symbolic links are left out. */
  async *files(relative: string, below = ""): AsyncGenerator<string> {
    for await (const entry of Deno.readDir(this.path(join(relative, below)))) {
      if (entry.isDirectory) yield* this.files(relative, join(below, entry.name));
      else if (entry.isFile) yield join(below, entry.name);
    }
  }
}

/**
 * A path from a request, without slashes at its ends. Unlike pfcon's, it may not lead out of the store.
 *
 * @throws {HttpError} 400.
 */
export function storePath(path: string): string {
  const inside = path.replace(/^\/+|\/+$/g, "");
  if (inside.includes("\0") || inside.split("/").includes("..")) {
    throw new HttpError(400, `"${path}" leaves the store`);
  }
  return inside;
}
