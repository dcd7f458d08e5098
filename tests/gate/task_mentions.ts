/**
 * Commands that the documents tell people to type.
 *
 * @module
 */

/** One sentence for each `deno task x` in a document (given by name) that `deno.json` does not have. */
export function taskFaults(documents: Readonly<Record<string, string>>, denoJson: string): string[] {
  const tasks = Object.keys((JSON.parse(denoJson) as { tasks?: Record<string, unknown> }).tasks ?? {});
  return Object.entries(documents).flatMap(([name, text]) =>
    mentionedTasks(text).filter((task) => !tasks.includes(task)).map((task) =>
      `${name} mentions \`deno task ${task}\`, which deno.json does not have`
    )
  );
}

/** Names after `deno task`, each once; also behind `npx deno@2.9.6`. Placeholders as `<worker>` are no names. */
export function mentionedTasks(text: string): string[] {
  const names = [...text.matchAll(/\bdeno(?:@[\w.-]+)? task ([a-z][\w:-]*)/g)].map(([, name = ""]) => name);
  return [...new Set(names.map((name) => name.replace(/[:-]+$/, "")))];
}
