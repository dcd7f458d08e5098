/**
 * As much of Markdown as the checks need to read. What stands inside fenced code is never a heading, an item
 * or a table.
 *
 * @module
 */

/** The text below the heading `title`, up to the next heading of its level or above; null without such. */
export function section(markdown: string, title: string): string | null {
  let level = 0;
  const found: string[] = [];
  for (const { line, fenced } of lines(markdown)) {
    const heading = fenced ? null : /^(#{1,6}) +(.*?) *#*$/.exec(line);
    if (heading && level === 0 && heading[2]?.toLowerCase() === title.toLowerCase()) {
      level = heading[1]?.length ?? 0;
    } else if (heading && level > 0 && (heading[1]?.length ?? 0) <= level) break;
    else if (level > 0) found.push(line);
  }
  return level > 0 ? found.join("\n") : null;
}

/** The first paragraph of each item of the numbered lists in `markdown`, without its number. */
export function numberedItems(markdown: string): string[] {
  const items: string[] = [];
  let open = false;
  for (const { line, fenced } of lines(markdown)) {
    const item = fenced ? null : /^\d+[.)] +(.*)$/.exec(line);
    if (item) items.push(item[1] ?? "");
    else if (open && line.trim() !== "" && !fenced) items.push(`${items.pop()} ${line.trim()}`);
    open = item !== null || (open && line.trim() !== "");
  }
  return items;
}

/** The cells of every table row in `markdown`, trimmed; head rows too, the lines below them not. */
export function tableRows(markdown: string): string[][] {
  return lines(markdown).flatMap(({ line, fenced }) => {
    const row = /^ *\|(.*)\| *$/.exec(line);
    if (fenced || !row || /^[\s|:-]+$/.test(line)) return [];
    return [(row[1] ?? "").split(/(?<!\\)\|/).map((cell) => cell.trim().replaceAll("\\|", "|"))];
  });
}

function lines(markdown: string): { line: string; fenced: boolean }[] {
  let fence = "";
  return markdown.split(/\r?\n/).map((line) => {
    const mark = /^ *(`{3,}|~{3,})/.exec(line)?.[1] ?? "";
    const fenced = fence !== "" || mark !== "";
    if (fence === "") fence = mark;
    else if (mark.startsWith(fence)) fence = "";
    return { line, fenced };
  });
}
