/**
 * Every exported symbol has a docstring. Run by itself it checks the whole project:
 * `deno run -A tests/gate/check_docs.ts`.
 *
 * @module
 */
import { projectFiles } from "./project.ts";

/** As much of the output of `deno doc --json` as matters here. */
export interface DocOutput {
  readonly nodes: Readonly<Record<string, { readonly symbols?: readonly DocSymbol[] }>>;
}

/** A symbol that a module declares or passes on, with each of its declarations (overloads have several). */
export interface DocSymbol {
  readonly name: string;
  readonly declarations?: readonly {
    readonly location: { readonly filename: string; readonly line: number };
    /** `reference` for what is only passed on (`export … from`): its docstring stands where it is declared. */
    readonly kind: string;
    readonly declarationKind: string;
    readonly jsDoc?: { readonly doc?: string; readonly tags?: readonly unknown[] };
  }[];
}

/** One sentence for each exported symbol that says nothing about itself. Overloads may share one docstring. */
export function docFaults(output: DocOutput): string[] {
  return Object.entries(output.nodes).flatMap(([file, { symbols = [] }]) =>
    symbols.flatMap(({ name, declarations = [] }) => {
      const own = declarations.filter(({ kind, declarationKind, location }) =>
        kind !== "reference" && declarationKind === "export" && location.filename === file
      );
      const [first] = own;
      if (!first || own.some(({ jsDoc }) => jsDoc?.doc?.trim() || jsDoc?.tags?.length)) return [];
      return [`${file}:${first.location.line + 1}: exported ${name} has no docstring`];
    })
  );
}

/**
 * What `deno doc` knows about modules, given by path or address.
 *
 * @throws {Error} if one of them, or something they import, cannot be read.
 */
export async function docOf(modules: readonly string[]): Promise<DocOutput> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["doc", "--json", ...modules],
    env: { NO_COLOR: "1" },
  });
  const { success, stdout, stderr } = await child.output();
  const [out, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  if (!success) throw new Error(`Cannot read the documentation: ${err?.slice(-2_000)}`);
  return JSON.parse(out ?? "") as DocOutput;
}

/** Whether a file is code of ours with exports. The stand-ins of `lib/jsr` pass others' code on. */
export function isDocumented(path: string): boolean {
  return /^(lib|workers|deploy|tests)\/.*\.ts$/.test(path) && !/(_test|\/main)\.ts$/.test(path) &&
    !path.startsWith("lib/jsr/");
}

/** Checks the project's own modules. */
export async function projectDocFaults(): Promise<string[]> {
  const files = await projectFiles();
  return docFaults(await docOf(files.list().filter(isDocumented).map((path) => files.url(path).href)));
}

if (import.meta.main) {
  const faults = await projectDocFaults();
  for (const fault of faults) console.error(fault);
  Deno.exit(faults.length > 0 ? 1 : 0);
}
