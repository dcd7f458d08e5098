import type { Logger } from "lib/run/log.ts";
import { sleep } from "lib/run/sleep.ts";
import { type Bind, pathTranslator } from "./binds.ts";
import { type ContainerState, CREATED, exited, notStarted, running } from "./container_state.ts";
import type { CreateRequest } from "./create_request.ts";
import { EngineError } from "./engine_error.ts";
import type { Action, EventJournal } from "./event_journal.ts";
import { CannotStartError, findExecutable } from "./executable.ts";
import type { Image } from "./images.ts";
import { LogFile } from "./log_file.ts";
import type { NanoClock } from "./nano_time.ts";
import { ProcessRun } from "./process_run.ts";
import { SIGKILL, type Signal } from "./signals.ts";

/** What a container is made of, fixed for its life. */
export interface ContainerSpec {
  readonly id: string;
  /** Without the leading slash. */
  readonly name: string;
  readonly image: Image;
  readonly request: CreateRequest;
  readonly binds: readonly Bind[];
  /** The container's own folder: its log, and the folder it works in. */
  readonly folder: string;
  readonly createdNanos: bigint;
}

/** What a container shares with the others of its engine. */
export interface ContainerSurroundings {
  readonly clock: NanoClock;
  readonly journal: EventJournal;
  readonly logger: Logger;
  /** PATH for containers that set none. */
  readonly path: string;
}

/** What a client may wait for. */
export type WaitCondition = "not-running" | "next-exit" | "removed";

/** A container: a process to be, in being, or past, with its log. */
export class Container {
  readonly log: LogFile;
  readonly #surroundings: ContainerSurroundings;
  #state: ContainerState = CREATED;
  #run: ProcessRun | undefined;
  #starting: Promise<void> | undefined;
  #isRetired = false;
  #exit = Promise.withResolvers<void>();
  #removed = Promise.withResolvers<void>();

  /** Makes the folder and the log. */
  constructor(readonly spec: ContainerSpec, surroundings: ContainerSurroundings) {
    Deno.mkdirSync(spec.folder, { recursive: true });
    this.#surroundings = surroundings;
    this.log = new LogFile(`${spec.folder}/log`);
    this.#tell("create");
  }

  get state(): ContainerState {
    return this.#state;
  }

  get isRunning(): boolean {
    return this.#run !== undefined;
  }

  /**
   * Starts the process; `false` if it is already running.
   *
   * @throws {EngineError} 400 if there is nothing to run; the container then remains as it was.
   */
  async start(): Promise<boolean> {
    while (this.#starting) await this.#starting.catch(() => {});
    if (this.#run) return false;
    if (this.#isRetired) throw new EngineError(409, "container is marked for removal and cannot be started");
    this.#starting = this.#start();
    try {
      await this.#starting;
    } finally {
      this.#starting = undefined;
    }
    return true;
  }

  /**
   * Sends a signal to the process. SIGKILL is only answered when the process has ended.
   *
   * @throws {EngineError} 409 if the container is not running.
   */
  async kill(signal: Signal): Promise<void> {
    const run = this.#run;
    if (!run) throw new EngineError(409, `Container ${this.spec.id} is not running`);
    await run.signal(signal);
    this.#tell("kill", { signal: String(signal.number) });
    if (signal.number === SIGKILL.number) await run.ended;
  }

  /** Asks the process to end, and after `graceMs` makes it; `false` if it was not running. */
  async stop(graceMs: number, signal: Signal): Promise<boolean> {
    const exit = this.#exit.promise;
    if (!this.#run) return false;
    await this.kill(signal);
    const ended = new AbortController();
    await Promise.race([exit.finally(() => ended.abort()), sleep(graceMs, ended.signal)]);
    if (!ended.signal.aborted && this.#run) await this.kill(SIGKILL);
    await exit;
    this.#tell("stop");
    return true;
  }

  /** Resolves with the exit code when `condition` holds. */
  async wait(condition: WaitCondition): Promise<number> {
    if (condition === "removed") await this.#removed.promise;
    else if (condition === "next-exit" || this.#run) {
      await Promise.race([this.#exit.promise, this.#removed.promise]);
    }
    return this.#state.exitCode;
  }

  /**
   * Makes sure that the process does not run and never will again: the first half of a removal.
   *
   * @throws {EngineError} 409 if it is running and `force` is not given.
   */
  async retire(force: boolean): Promise<void> {
    await this.#starting?.catch(() => {});
    if (this.#run && !force) {
      throw new EngineError(
        409,
        `You cannot remove a running container ${this.spec.id}. Stop the container before attempting removal or force remove`,
      );
    }
    this.#isRetired = true;
    if (this.#run) await this.kill(SIGKILL);
  }

  /** Deletes log and folder: the second half of a removal, for when nobody can find the container any more. */
  async discard(): Promise<void> {
    this.log[Symbol.dispose]();
    await Deno.remove(this.spec.folder, { recursive: true });
    this.#tell("destroy");
    this.#removed.resolve();
  }

  async #start(): Promise<void> {
    const { clock, logger } = this.#surroundings;
    try {
      const run = new ProcessRun(await this.#command(), { log: this.log, clock, logger });
      this.#run = run;
      this.#state = running(this.#state, run.pid, clock());
      this.#tell("start");
      void this.#watch(run);
    } catch (error) {
      if (!(error instanceof CannotStartError)) throw error;
      this.#state = notStarted(this.#state, error.exitCode, error.message);
      this.#announceExit();
      throw new EngineError(400, error.message, { cause: error });
    }
  }

  async #watch(run: ProcessRun): Promise<void> {
    const end = await run.ended;
    this.#run = undefined;
    this.#state = exited(this.#state, end);
    this.#tell("die", { exitCode: String(end.exitCode) });
    this.#announceExit();
  }

  #announceExit(): void {
    const exit = this.#exit;
    this.#exit = Promise.withResolvers();
    exit.resolve();
  }

  /** The command with host paths in place of container paths. Makes the folders that it is about to use. */
  async #command() {
    const { request, binds, folder } = this.spec;
    const translate = pathTranslator(binds);
    for (const { source } of binds) await ensureFolder(source);
    const ownFolder = `${folder}/work`;
    const wanted = request.WorkingDir ? translate(request.WorkingDir) : ownFolder;
    const cwd = await isFolder(wanted) ? wanted : ownFolder;
    await ensureFolder(cwd);
    const environment: Record<string, string> = { PATH: this.#surroundings.path };
    for (const [name, value] of environmentPairs(request.Env)) environment[name] = translate(value);
    const [program = "", ...args] = [...request.Entrypoint, ...request.Cmd].map(translate);
    return {
      file: await findExecutable(program, { path: environment.PATH ?? "", cwd }),
      args,
      cwd,
      environment,
    };
  }

  #tell(action: Action, more: Record<string, string> = {}): void {
    const { id, name, request } = this.spec;
    const attributes = { ...request.Labels, ...more, image: request.Image, name };
    this.#surroundings.journal.publish({ action, id, attributes });
  }
}

function environmentPairs(env: readonly string[]): [name: string, value: string][] {
  return env.filter((entry) => entry.indexOf("=") > 0).map((entry) => {
    const at = entry.indexOf("=");
    return [entry.slice(0, at), entry.slice(at + 1)];
  });
}

async function isFolder(path: string): Promise<boolean> {
  return await Deno.stat(path).then(({ isDirectory }) => isDirectory, () => false);
}

/** Makes the folder unless something of that name is there. */
async function ensureFolder(path: string): Promise<void> {
  if (await Deno.stat(path).then(() => true, () => false)) return;
  await Deno.mkdir(path, { recursive: true });
}
