/**
 * The README's walk "Follow one event": twelve places in the code, in the order in which an event meets them.
 *
 * @module
 */
import { numberedItems, section } from "./markdown.ts";
import type { ProjectFiles } from "./project.ts";

const TITLE = "Follow one event";
const LENGTH = 12;

/** `path` `symbol()`, the path as plain code or as a link to itself. */
const PLACE = /^(?:`([^`]+)`|\[`([^`]+)`\]\(([^)]+)\)),? `([^`]+)`/;

/** One sentence for each item that leads nowhere. */
export function walkFaults(readme: string, files: ProjectFiles): string[] {
  const text = section(readme, TITLE);
  if (text === null) return [`the README has no section "${TITLE}"`];
  const items = numberedItems(text);
  const faults = items.flatMap((item, index) => placeFaults(`${TITLE}, item ${index + 1}`, item, files));
  if (items.length !== LENGTH) {
    faults.push(`${TITLE}: expected ${LENGTH} numbered items, found ${items.length}`);
  }
  return faults;
}

function placeFaults(where: string, item: string, files: ProjectFiles): string[] {
  const match = PLACE.exec(item);
  if (!match) {
    return [`${where}: expected it to start with \`path/to/file.ts\` \`symbol()\`, found "${item}"`];
  }
  const [, plain, linked, target, symbol = ""] = match;
  const path = plain ?? linked ?? "";
  if (linked && target !== linked) return [`${where}: the link of ${linked} goes to ${target}`];
  const source = files.read(path);
  if (source === undefined) return [`${where}: there is no file ${path}`];
  return declares(source, symbol) ? [] : [`${where}: ${path} declares no ${symbol}`];
}

/** Whether TypeScript or JavaScript `source` declares `symbol`: a name, or a method as `name()` or `Class.name()`. */
export function declares(source: string, symbol: string): boolean {
  const names = symbol.replace(/\(.*\)$/, "").split(".");
  return names.every((name) =>
    /^#?[\w$]+$/.test(name) && (declaresName(source, name) || declaresMethod(source, name))
  );
}

function declaresName(source: string, name: string): boolean {
  const kinds = "function\\s*\\*?|class|interface|type|enum|const|let";
  return new RegExp(
    `^\\s*(?:export )?(?:default )?(?:async |abstract )*(?:${kinds})\\s*${escaped(name)}(?![\\w$])`,
    "m",
  )
    .test(source);
}

/** A method or a member of an interface: its parameters are followed by a body or a type, those of a call are not. */
function declaresMethod(source: string, name: string): boolean {
  const starts = new RegExp(
    `^ +(?:async |static |override |abstract |get |set |\\*)*\\*?${escaped(name)}(?:<[^>()]*>)?\\(`,
    "gm",
  );
  return [...source.matchAll(starts)].some((match) => {
    const rest = afterParameters(source, match.index + match[0].length);
    return /^\s*[:{]/.test(rest);
  });
}

/** What follows the closing parenthesis of a list whose opening one ends at `from`. */
function afterParameters(source: string, from: number): string {
  let depth = 1;
  for (let at = from; at < source.length; at++) {
    if (source[at] === "(") depth++;
    if (source[at] === ")") depth--;
    if (depth === 0) return source.slice(at + 1, at + 20);
  }
  return "";
}

function escaped(name: string): string {
  return name.replace(/[$]/g, "\\$&");
}
