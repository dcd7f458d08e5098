/**
 * The whole system for a test, as the demo starts it: real servers, real containers, every worker a process of
 * its own with its own permissions.
 *
 * @module
 */
import { createParser, type EventSourceMessage } from "eventsource-parser";
import { TextLineStream } from "./text_line_stream.ts";

/** A running system. Disposing stops all of it and fails if something is left. */
export interface System extends AsyncDisposable {
  /** Address of the web page and API. */
  readonly url: string;
  /** Image with a shell, for test jobs. */
  readonly image: string;
  /** Process of a worker, as it is now; null while it is dead. */
  pidOf(worker: string): number | null;
}

/** Longest time until everything is up (ms). */
const START_MS = 300_000;

/** Starts it. `env` wins over this process's environment. */
export async function startSystem(env: Record<string, string> = {}): Promise<System> {
  const demo = new Deno.Command(Deno.execPath(), {
    args: ["task", "--quiet", "demo", "--no-sample"],
    env: { NO_COLOR: "1", ...env },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const output: string[] = [];
  const up = Promise.withResolvers<string>();
  const timer = setTimeout(() => up.reject(new Error(`not up within ${START_MS} ms`)), START_MS);
  const reading = Promise.all([demo.stdout, demo.stderr].map(async (stream) => {
    for await (const line of stream.pipeThrough(new TextDecoderStream()).pipeThrough(new TextLineStream())) {
      output.push(line);
      const url = /^The web page is at (\S+)/.exec(line)?.[1];
      if (url) up.resolve(url);
    }
  }));
  demo.status.then(({ code }) => up.reject(new Error(`the demo ended with ${code}`)));
  const find = (pattern: RegExp) =>
    output.map((line) => pattern.exec(line)?.[1]).find((found) => found) ?? "";
  const stop = async () => {
    clearTimeout(timer);
    try {
      demo.kill("SIGTERM");
    } catch { /* it has ended */ }
    const { code } = await demo.status;
    await reading;
    return code;
  };
  try {
    const url = await up.promise;
    clearTimeout(timer);
    return {
      url,
      image: find(/^ *ok +containers .*image (\S+)/),
      pidOf: (worker) => pidOf(demo.pid, `workers/${worker}/main.ts`),
      [Symbol.asyncDispose]: async () => {
        const code = await stop();
        if (code !== 0 && code !== 130) throw new Error(`the demo ended with ${code}:\n${output.join("\n")}`);
      },
    };
  } catch (error) {
    await stop();
    throw new Error(`Cannot start the system: ${error}\n${output.join("\n")}`, { cause: error });
  }
}

/** The process below `ancestor` whose command line names `program`. */
function pidOf(ancestor: number, program: string): number | null {
  const parents = new Map<number, number>();
  const candidates: number[] = [];
  for (const { name } of Deno.readDirSync("/proc")) {
    const pid = Number(name);
    if (!Number.isInteger(pid)) continue;
    try {
      parents.set(pid, Number(/^PPid:\s*(\d+)/m.exec(Deno.readTextFileSync(`/proc/${pid}/status`))?.[1]));
      if (Deno.readTextFileSync(`/proc/${pid}/cmdline`).includes(program)) candidates.push(pid);
    } catch { /* it has ended meanwhile */ }
  }
  const belongs = (pid: number | undefined): boolean =>
    pid === ancestor || (!!pid && belongs(parents.get(pid)));
  return candidates.find((pid) => belongs(pid)) ?? null;
}

/** A job as a test submits it: a shell script in the system's image. */
export async function submitScript(
  system: System,
  jobId: string,
  script: string,
  params: Record<string, unknown> = {},
): Promise<void> {
  await submit(system, jobId, { image: system.image, entrypoint: ["sh", "-c"], args: [script], ...params });
}

/** Submits a job. */
export async function submit(system: System, jobId: string, body: Record<string, unknown>): Promise<void> {
  const response = await fetch(`${system.url}/api/jobs/${jobId}/run`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ input_dirs: "demo/incoming", ...body }),
  });
  const answer = await response.text();
  if (response.status !== 202) throw new Error(`Cannot submit ${jobId}: ${response.status} ${answer}`);
}

/** One event of a job, parsed. */
export interface JobEvent {
  readonly id: string;
  readonly kind: string;
  // deno-lint-ignore no-explicit-any -- tests look at whatever field they are about
  readonly data: any;
}

/** Reads a job's events until the stream ends; goes on where it was when the connection is lost, as EventSource does. */
export async function followJob(
  system: System,
  jobId: string,
  options: { kind?: string; signal?: AbortSignal; onEvent?: (event: JobEvent) => void } = {},
): Promise<JobEvent[]> {
  const { kind = "all", signal = AbortSignal.timeout(180_000), onEvent } = options;
  const events: JobEvent[] = [];
  const take = ({ id = "", event = "", data }: EventSourceMessage) => {
    const parsed = { id, kind: event, data: JSON.parse(data) };
    events.push(parsed);
    onEvent?.(parsed);
  };
  while (events.at(-1)?.kind !== "end") {
    signal.throwIfAborted();
    const last = events.at(-1)?.id;
    const parser = createParser({ onEvent: take });
    try {
      const response = await fetch(`${system.url}/events/${jobId}/${kind}`, {
        headers: last ? { "last-event-id": last } : {},
        signal,
      });
      if (response.status !== 200 || !response.body) throw new Error(`answer ${response.status}`);
      for await (const text of response.body.pipeThrough(new TextDecoderStream())) parser.feed(text);
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof TypeError)) throw error;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
  return events;
}

/** Lines of the plugin, in the order in which they came. */
export function pluginLines(events: readonly JobEvent[]): string[] {
  return events.filter(({ kind, data }) => kind === "logs" && data.job_type === "plugin" && !data.eos)
    .map(({ data }) => data.line);
}

/** The workflow as the API shows it. */
export async function workflowOf(system: System, jobId: string) {
  return await (await fetch(`${system.url}/api/jobs/${jobId}/workflow`)).json();
}
