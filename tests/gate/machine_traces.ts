/**
 * Traces of the machine that a file was written on: what holds only there must not be in the project.
 *
 * @module
 */
import type { ProjectFiles } from "./project.ts";

/** Folders of a machine, and hosts of package registries: deno and npm know those by themselves. */
const TRACES: readonly { readonly what: string; readonly pattern: RegExp }[] = [
  {
    what: "a folder of one machine",
    pattern: /(?:(?<![\w.~*\\/:})-])|(?<=:\/\/))\/(?:work|tmp\/dk)(?![\w.-])/,
  },
  {
    what: "the host of a package registry",
    pattern: /\b(?:registry\.(?:npmjs|yarnpkg)|npm\.jsr|pypi|crates)\.\w{2,}/,
  },
  { what: "the address of a package's archive", pattern: /"tarball": *"/ },
];

/** One sentence for each line of a project file that holds such a trace. */
export function traceFaults(files: ProjectFiles): string[] {
  return files.list().flatMap((path) =>
    (files.read(path) ?? "").split("\n").flatMap((line, index) =>
      TRACES.flatMap(({ what, pattern }) => {
        const found = pattern.exec(line)?.[0];
        return found ? [`${path}:${index + 1}: "${found}" is ${what}`] : [];
      })
    )
  );
}
