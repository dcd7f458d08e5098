/**
 * Bind mounts without mounting: a container path is replaced by its host path wherever a process is told of it.
 *
 * @module
 */
import { EngineError } from "./engine_error.ts";

/** One bind mount. A volume's `source` is a folder of the engine's. */
export interface Bind {
  readonly source: string;
  readonly destination: string;
  readonly mode: string;
  readonly volume?: string;
}

/**
 * Reads `source:destination[:mode]`; a `source` that is no path names a volume, kept in `volumeFolder`.
 *
 * @throws {EngineError} 400 if the text has another form or `destination` is relative or the root.
 */
export function parseBind(text: string, volumeFolder: string): Bind {
  const [source = "", destination = "", mode = "", ...more] = text.split(":");
  const at = destination.replace(/(?<=.)\/+$/, "");
  const isPath = source.startsWith("/");
  if (
    !at.startsWith("/") || at === "/" || more.length > 0 || !(isPath || /^[A-Za-z0-9][\w.-]*$/.test(source))
  ) {
    throw new EngineError(400, `invalid volume specification: '${text}'`);
  }
  if (isPath) return { source: source.replace(/(?<=.)\/+$/, ""), destination: at, mode };
  return { source: `${volumeFolder}/${source}`, destination: at, mode, volume: source };
}

/**
 * A function that replaces container paths in a text. A path is only recognised whole: at the beginning of
 * the text, of a word or of a value (`--in=/share/incoming`, `-I/share/incoming`), and up to its end or a slash.
 */
export function pathTranslator(binds: readonly Bind[]): (text: string) => string {
  if (binds.length === 0) return (text) => text;
  const hostPaths = new Map(binds.map(({ source, destination }) => [destination, source]));
  const longestFirst = [...hostPaths.keys()].sort((a, b) => b.length - a.length).map((path) =>
    RegExp.escape(path)
  );
  const before = "(?<=^|[^\\p{L}\\p{N}_./-]|(?:^|\\s)-[A-Za-z])";
  const after = "(?![\\p{L}\\p{N}_-]|\\.[\\p{L}\\p{N}_])";
  const pattern = new RegExp(`${before}(?:${longestFirst.join("|")})${after}`, "gu");
  return (text) => text.replace(pattern, (path) => hostPaths.get(path) ?? path);
}
