/**
 * The web UI's files, as they lie in `web/`.
 *
 * @module
 */
import { getMimeType } from "hono/utils/mime";

/** Longest name looked for (characters): of longer ones file systems say not that they are missing, but too long. */
const MAX_NAME = 100;

/** Serves the files directly below `root` (a `file:` URL ending in `/`); only names without a path are served. */
export function assetsOf(root: string): (path: string) => Promise<Response | null> {
  return async (path) => {
    const name = path === "/" ? "index.html" : path.slice(1);
    if (!/^[a-z0-9_]+(?:\.[a-z0-9]+)+$/i.test(name) || name.length > MAX_NAME || name.endsWith("_test.ts")) {
      return null;
    }
    try {
      const file = await Deno.readFile(new URL(name, root));
      return new Response(file, {
        headers: {
          "content-type": getMimeType(name) ?? "application/octet-stream",
          "cache-control": "no-cache",
        },
      });
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return null;
      throw error;
    }
  };
}
