/**
 * The README's table of guarantees: each one is attacked by tests that carry its id.
 *
 * @module
 */
import { tableRows } from "./markdown.ts";
import type { ProjectFiles } from "./project.ts";

/** The promises there are: G1 to G16. */
export const GUARANTEES: readonly string[] = Array.from({ length: 16 }, (_, index) => `G${index + 1}`);

/** One sentence for each guarantee without a row, row without a test, and test that does not carry its id. */
export function guaranteeFaults(readme: string, files: ProjectFiles): string[] {
  const rows = tableRows(readme).map((cells) => ({ id: plain(cells[0] ?? ""), cells }))
    .filter(({ id }) => /^G\d+$/.test(id));
  const missing = GUARANTEES.filter((id) => !rows.some((row) => row.id === id)).map((id) =>
    `the README's table of guarantees has no row ${id}`
  );
  return [...missing, ...rows.flatMap(({ id, cells }) => rowFaults(id, cells, files))];
}

function rowFaults(id: string, cells: readonly string[], files: ProjectFiles): string[] {
  if (!GUARANTEES.includes(id)) {
    return [`${id} is no guarantee we know: expected ${GUARANTEES[0]} to ${GUARANTEES.at(-1)}`];
  }
  const paths = [...new Set(cells.join(" ").match(/[\w./-]+_test\.ts/g) ?? [])];
  if (paths.length === 0) return [`${id} names no test file`];
  return paths.flatMap((path) => {
    const source = files.read(path);
    if (source === undefined) return [`${id} names ${path}, which does not exist`];
    return carries(source, id)
      ? []
      : [`${id} names ${path}, which has no test whose name starts with "${id} "`];
  });
}

/**
 * Whether a test file has a test named `Gn …`, or `Gm Gn …`: as text at the start of a line, after `test(`, `step(` or
 * `name:`.
 */
function carries(source: string, id: string): boolean {
  return new RegExp(`(?:\\(|name:|^)\\s*["'\`](?:G\\d+ )*${id}[ :]`, "m").test(source);
}

function plain(cell: string): string {
  return cell.replace(/[*`]/g, "").trim();
}
