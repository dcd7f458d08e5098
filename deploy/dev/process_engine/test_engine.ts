/**
 * An engine for tests: a process engine of its own, or, with `ENGINE_UNDER_TEST=docker`, the real one at
 * `DOCKER_HOST`, so that both can be held to the same sentences. The real one must have the image
 * `ENGINE_TEST_IMAGE`, with a POSIX shell and the usual small programs.
 *
 * @module
 */
import { assert } from "@std/assert";
import { Buffer } from "node:buffer";
import type { Readable } from "node:stream";
import Docker from "dockerode";
import { decodeFrames, type Frame } from "./test_frames.ts";

/** Whether tests are held against the real engine. */
export const IS_REAL = Deno.env.get("ENGINE_UNDER_TEST") === "docker";

/** Marks all containers of one test run. */
const LABEL = "process-engine-test";

/** An engine with what tests do most. */
export interface EngineUnderTest extends AsyncDisposable {
  readonly docker: Docker;
  readonly image: string;
  /** A folder that the process engine may use for bind mounts; none with the real engine. */
  readonly folder?: string;
  /** A label that no other run's containers have, as `key=value`. */
  readonly label: string;
  /** Creates a container that runs `script` in a shell. */
  create(script: string, more?: Partial<Docker.ContainerCreateOptions>): Promise<Docker.Container>;
  /** Creates, starts, and waits for the end. */
  run(script: string, more?: Partial<Docker.ContainerCreateOptions>): Promise<Docker.Container>;
}

/** Opens the engine that the environment asks for. */
export async function openEngine(): Promise<EngineUnderTest> {
  const own = IS_REAL ? undefined : await startProcessEngine("example/plugin:1");
  const docker = new Docker({
    socketPath: own?.socket ?? (Deno.env.get("DOCKER_HOST") ?? "").replace("unix://", ""),
  });
  const image = own ? "example/plugin:1" : Deno.env.get("ENGINE_TEST_IMAGE") ?? "busybox";
  const run = crypto.randomUUID();
  const create: EngineUnderTest["create"] = (script, more = {}) => {
    const Labels = { [LABEL]: run, ...more.Labels };
    return docker.createContainer({ Image: image, Cmd: ["sh", "-c", script], ...more, Labels });
  };
  return {
    docker,
    image,
    ...(own ? { folder: own.folder } : {}),
    label: `${LABEL}=${run}`,
    create,
    async run(script, more) {
      const container = await create(script, more);
      const ended = container.wait({ condition: "next-exit" });
      await container.start();
      await ended;
      return container;
    },
    async [Symbol.asyncDispose]() {
      const left = await docker.listContainers({ all: true, filters: { label: [`${LABEL}=${run}`] } });
      await Promise.all(left.map(({ Id }) => docker.getContainer(Id).remove({ force: true, v: true })));
      await own?.[Symbol.asyncDispose]();
    },
  };
}

/** A process engine with the permissions its docstring names. */
export async function startProcessEngine(image: string) {
  const folder = await Deno.makeTempDir({ prefix: "process_engine_" });
  const socket = `${folder}/engine.sock`;
  const process = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-prompt",
      "--allow-read",
      `--allow-write=${folder}`,
      "--allow-run",
      "--allow-env=PATH,NODE_V8_COVERAGE",
      "--allow-sys=hostname",
      `--allow-net=unix:${socket}`,
      new URL("../process_engine.ts", import.meta.url).pathname,
      ...["--socket", socket, "--data", `${folder}/data`, "--image", image],
    ],
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const output = process.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const firstLine = JSON.parse((await output.read()).value ?? "null");
  return {
    folder,
    socket,
    firstLine,
    /** Sends SIGTERM and returns the exit code. */
    async stop(): Promise<number> {
      process.kill("SIGTERM");
      while (!(await output.read()).done);
      return (await process.status).code;
    },
    async [Symbol.asyncDispose]() {
      await this.stop().catch(() => {});
      await Deno.remove(folder, { recursive: true });
    },
  };
}

/** All of a log in frames. */
export async function logFrames(
  container: Docker.Container,
  query: Record<string, unknown> = {},
): Promise<Frame[]> {
  const options = { stdout: true, stderr: true, follow: false as const, ...query };
  const whole = await container.logs(options) as unknown;
  return decodeFrames(
    whole instanceof Uint8Array ? whole : Buffer.concat(await Array.fromAsync(whole as Readable)),
  );
}

/** The text of a log, both streams as they come. */
export async function logText(
  container: Docker.Container,
  query: Record<string, unknown> = {},
): Promise<string> {
  return (await logFrames(container, query)).map(({ text }) => text).join("");
}

/** Resolves when the container has written something. */
export async function firstOutput(container: Docker.Container): Promise<void> {
  const stream = await container.logs({ follow: true, stdout: true }) as unknown as Readable;
  for await (const _ of stream) break;
  stream.destroy();
}

/** What an engine's refusal looks like in dockerode. */
export async function refusal(attempt: Promise<unknown>): Promise<{ status: number; message: string }> {
  const error: unknown = await attempt.then(() => undefined, (error) => error);
  assert(isRefusal(error), `expected a refusal, got ${error}`);
  return { status: error.statusCode, message: error.json?.message ?? error.message };
}

function isRefusal(error: unknown): error is Error & { statusCode: number; json?: { message: string } } {
  return error instanceof Error && "statusCode" in error;
}

/** What the promise brings, or a failure after `ms` milliseconds. */
export async function deadline<T>(promise: Promise<T>, ms: number): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`nothing for ${ms} ms`)), ms);
  return await Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
