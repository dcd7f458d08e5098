/**
 * Watches the real engine: which containers of this world there are, how they ended, what they wrote.
 *
 * @module
 */
// @ts-types="@types/dockerode"
import type Docker from "dockerode";
import { openDocker } from "../../../deploy/dev/docker_client.ts";
import { sleep } from "lib/run/sleep.ts";
import type { EngineLine, SeenContainer } from "../observations.ts";
import { containerName, type Step } from "../truth.ts";
import type { World } from "../world.ts";
import { inspectLife, readOutput } from "./engine_log.ts";

/** Pause before an engine that did not answer is asked again (ms). */
const AGAIN_MS = 200;
/** Longest time that a removal is kept waiting for the log store's answer (ms). */
const ASK_STORE_MS = 4_000;

/** How many lines of a container the log store answers with; null if it does not answer. */
export type CountStored = (
  container: { id: string; name: string },
  signal: AbortSignal,
) => Promise<number | null>;

/** The watch. It looks at each container when it is about to be removed, or at the end. */
export class EngineWatch implements AsyncDisposable {
  readonly #docker: Docker;
  readonly #label: string;
  readonly #countStored: CountStored;
  readonly #world: Pick<World, "pfconCalls">;
  readonly #seen = new Map<string, SeenContainer>();
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;
  /** Up to when events were read (s since 1970). */
  #since = Math.floor(Date.now() / 1000) - 1;

  constructor(
    world: Pick<World, "dockerHost" | "label" | "beforeRemoval" | "pfconCalls">,
    countStored: CountStored,
  ) {
    this.#world = world;
    this.#docker = openDocker(world.dockerHost);
    this.#label = world.label;
    this.#countStored = countStored;
    world.beforeRemoval((name) => this.#beforeRemoval(name));
    this.#running = this.#run();
  }

  /** Looks at what is still there, and returns all that there ever was, oldest first. @throws {Error} if it is away */
  async finish(): Promise<SeenContainer[]> {
    await this.#notice(); // what was removed a moment ago must be known to be
    const left = await this.#docker.listContainers({ all: true, filters: { label: [this.#label] } });
    for (const { Id } of left) await this.#look(Id);
    return [...this.#seen.values()];
  }

  /** Waits until the engine has begun to run the container of this name. */
  async untilRunning(name: string, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const life = await inspectLife(this.#docker, name).catch(() => null);
      if (life?.startedAt) return;
      await sleep(20, signal);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      try {
        await this.#notice();
      } catch {
        // It is away, or restarting; it keeps its newest events.
      }
      await sleep(AGAIN_MS, this.#stop.signal);
    }
  }

  /** Asked in short steps: what was told twice changes nothing, and nothing hangs. */
  async #notice(): Promise<void> {
    const until = Date.now() / 1000;
    const told = await this.#events(this.#since, until);
    for (const { id, name, action, at } of told) {
      await this.#note(id, name, action === "destroy" ? at : null);
    }
    this.#since = Math.floor(until) - 1;
  }

  async #events(since: number, until: number) {
    const stream = await this.#docker.getEvents({
      since,
      until,
      filters: { type: ["container"], label: [this.#label], event: ["create", "destroy"] },
    });
    let text = "";
    for await (const chunk of stream) text += chunk;
    return text.split("\n").filter((line) => line !== "").map((line) => {
      const { Actor, Action, timeNano } = JSON.parse(line);
      return { id: Actor.ID, name: Actor.Attributes.name, action: Action, at: Math.floor(timeNano / 1e6) };
    });
  }

  /** Looks at a new one at once: it may be gone before anybody else has a reason to. */
  async #note(id: string, name: string, removedAt: number | null): Promise<void> {
    const known = this.#seen.get(id);
    const life = known ? null : await inspectLife(this.#docker, id).catch(() => null);
    const now = this.#seen.get(id) ?? { ...UNSEEN, id, name, ...life };
    this.#seen.set(id, { ...now, removedAt: removedAt ?? now.removedAt });
  }

  async #beforeRemoval(name: string): Promise<void> {
    const seen = await this.#look(name);
    if (!seen) return;
    const heldWhenAsked = seen.startedAt !== "" && seen.finishedAt === ""
      ? await this.#heldWhenAsked(seen)
      : null;
    const asking = AbortSignal.any([this.#stop.signal, AbortSignal.timeout(ASK_STORE_MS)]);
    const storedBeforeRemoval = seen.startedAt === "" ? null : await this.#countStored(seen, asking);
    const now = this.#seen.get(seen.id) ?? seen;
    this.#seen.set(seen.id, { ...now, storedBeforeRemoval, heldWhenAsked });
  }

  /** What the engine held of a running container when pfcon was last asked about it. */
  async #heldWhenAsked({ id, name }: SeenContainer): Promise<readonly EngineLine[]> {
    const asked = this.#world.pfconCalls.findLast(({ method, jobId, jobType, status }) =>
      method === "GET" && status === 200 && jobId && containerName(jobId, jobType as Step) === name
    );
    return asked ? await readOutput(this.#docker, id, asked.at).catch(() => []) : [];
  }

  /** Null if there is no such container. */
  async #look(idOrName: string): Promise<SeenContainer | null> {
    while (!this.#stop.signal.aborted) {
      try {
        const life = await inspectLife(this.#docker, idOrName);
        if (!life) return null;
        const lines = await readOutput(this.#docker, life.id);
        const seen = { ...this.#seen.get(life.id) ?? UNSEEN, ...life, lines };
        this.#seen.set(life.id, seen);
        return seen;
      } catch {
        await sleep(AGAIN_MS, this.#stop.signal);
      }
    }
    return null;
  }
}

/** A container of which nothing is known yet. */
const UNSEEN = {
  createdAt: "",
  startedAt: "",
  finishedAt: "",
  exitCode: null,
  lines: [],
  storedBeforeRemoval: null,
  heldWhenAsked: null,
  removedAt: null,
};
