/**
 * A program of ours in a process of its own, for tests that send it signals.
 *
 * @module
 */
import { until } from "lib/testing/until.ts";

/** A started program. */
export interface TestProcess extends AsyncDisposable {
  readonly pid: number;
  /** Everything it wrote so far, to either stream. */
  output(): string;
  /** The fields of the first log line with this message; waits for it. */
  logged(message: string): Promise<Record<string, unknown>>;
  kill(signal: Deno.Signal): void;
  /** Resolves when it has ended, with its exit code (128 + number if a signal ended it). */
  readonly ended: Promise<number>;
}

/**
 * Starts `program` (a path from the project's root) with these environment variables alone; `flags` are those of
 * `deno run`, which allow everything unless told otherwise.
 */
export function startProcess(
  program: string,
  env: Record<string, string>,
  args: string[] = [],
  flags: string[] = ["-A", "--no-prompt"],
): TestProcess {
  const path = new URL(`../../${program}`, import.meta.url).pathname;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", ...flags, path, ...args],
    env: { HOME: Deno.env.get("HOME") ?? "/", PATH: Deno.env.get("PATH") ?? "", NO_COLOR: "1", ...env },
    clearEnv: true,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  let output = "";
  let log = "";
  const collect = async (stream: ReadableStream<Uint8Array>, take: (text: string) => void) => {
    const decoder = new TextDecoder();
    for await (const chunk of stream) take(decoder.decode(chunk, { stream: true }));
  };
  const collected = Promise.all([
    collect(child.stdout, (text) => {
      output += text;
      log += text;
    }),
    collect(child.stderr, (text) => output += text),
  ]);
  const ended = Promise.all([child.status, collected]).then(([{ code }]) => code);
  const kill = (signal: Deno.Signal) => {
    try {
      child.kill(signal);
    } catch (error) {
      if (!(error instanceof TypeError || error instanceof Deno.errors.NotFound)) throw error; // it has ended
    }
  };
  return {
    pid: child.pid,
    output: () => output,
    logged: (message) => until(`logged "${message}"`, () => lineWith(log, message)),
    kill,
    ended,
    [Symbol.asyncDispose]: async () => {
      kill("SIGKILL");
      await ended;
    },
  };
}

/** The last line may not be whole yet. */
function lineWith(log: string, message: string): Record<string, unknown> | undefined {
  return log.split("\n").slice(0, -1).filter((line) => line.startsWith("{") && line.endsWith("}"))
    .map((line): Record<string, unknown> => JSON.parse(line)).find((fields) => fields.msg === message);
}
