/**
 * What `--help` says about a worker.
 *
 * @module
 */
import type { z } from "@zod/zod";
import type { WorkerName } from "lib/run/permissions.ts";

const PURPOSE: Record<WorkerName, string> = {
  event_forwarder: "Tells the status streams of every state that a job's containers go through.",
  log_forwarder: "Tells the log streams of every line that a job's containers write.",
  status_consumer: "Makes a task of every status event.",
  log_consumer: "Stores log lines in batches and says when a container's log is complete.",
  task_worker: "Keeps the state of jobs, moves their workflows on and orders steps from pfcon.",
  sse_service: "Serves events, history, submission and the web page to browsers and programs.",
};

/** The text for one worker: what it does and every setting with its default. */
export function workerHelp(worker: WorkerName, schema: z.ZodObject): string {
  const settings = Object.entries(schema.shape).map(([name, field]) => {
    const type = field as z.ZodType;
    return `  ${name} (${defaultOf(type)})\n${wrap(type.description ?? "", 100, "      ")}`;
  });
  return [
    `${worker}: ${PURPOSE[worker]}`,
    "",
    `Usage: deno task ${worker.replaceAll("_", "-")} [--help]`,
    "",
    "Settings (environment variables; an empty one counts as not set):",
    ...settings,
  ].join("\n");
}

/** One line for each worker. */
export function workersHelp(): string {
  const lines = Object.entries(PURPOSE).map(([name, purpose]) => `  ${name.padEnd(16)} ${purpose}`);
  return ["Usage: deno task <worker> [--help], where the worker is one of", ...lines].join("\n");
}

function defaultOf(field: z.ZodType): string {
  const parsed = field.safeParse(undefined);
  if (!parsed.success) return "required";
  if (parsed.data === undefined) return "not set";
  return parsed.data === "" ? "empty" : `default ${parsed.data}`;
}

function wrap(text: string, width: number, indent: string): string {
  const lines = [indent];
  for (const word of text.split(/\s+/)) {
    const line = lines[lines.length - 1] ?? "";
    if (line.length + word.length > width) lines.push(`${indent}${word} `);
    else lines[lines.length - 1] = `${line}${word} `;
  }
  return lines.map((line) => line.trimEnd()).join("\n");
}
