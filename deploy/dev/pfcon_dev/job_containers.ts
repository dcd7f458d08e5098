/**
 * The containers of jobs: how they are named, found, described and made.
 *
 * @module
 */
import { type Compute, computeOf, type Inspected, type Status, statusOf } from "./compute.ts";
import type { ContainerSpec } from "./container_spec.ts";
import type { Engine } from "./engine.ts";
import type { Form } from "./form.ts";
import { HttpError } from "./http_error.ts";
import type { Store } from "./store.ts";

/** A job's containers. */
export const STEPS = ["plugin", "copy", "upload", "delete"] as const;
/** One of a job's containers. */
export type Step = typeof STEPS[number];

/** What decides how containers are made and shown. */
export interface JobContainersOptions {
  readonly engine: Engine;
  readonly store: Store;
  /** Of every container made here. */
  readonly labels: Readonly<Record<string, string>>;
  /** Lines of output in answers. */
  readonly logsTail: number;
  readonly ignoreLimits: boolean;
}

/** What differs between containers. `mounts` are relative to the store. */
export type What = Pick<ContainerSpec, "image" | "cmd" | "env" | "mounts" | "gpus" | "user">;

/** The containers of all jobs; keeps nothing in memory. */
export class JobContainers {
  readonly #options: JobContainersOptions;

  constructor(options: JobContainersOptions) {
    this.#options = options;
  }

  /** The state of a job's container, or null. */
  async status(step: Step, jid: string): Promise<Status | null> {
    const found = await this.#find(step, jid);
    return found && statusOf(found.State);
  }

  /** Describes a container with its output. @throws {HttpError} 404 */
  async get(step: Step, jid: string): Promise<Compute> {
    const found = await this.#find(step, jid);
    if (!found) throw new HttpError(404, `No such container: ${nameOf(step, jid)}`);
    return await this.#describe(jid, found);
  }

  /** Kills and removes a container, if there is one. */
  async remove(step: Step, jid: string): Promise<void> {
    const found = await this.#find(step, jid);
    if (found) await this.#options.engine.remove(found.Id);
  }

  /** The job as it is, unless there is none or it failed: then what is left of it makes room for a new one. */
  async existing(step: Step, jid: string): Promise<Compute | null> {
    const found = await this.#find(step, jid);
    if (!found) return null;
    const status = statusOf(found.State);
    if (status !== "finishedWithError" && status !== "undefined") return await this.#describe(jid, found);
    await this.#options.engine.remove(found.Id);
    return null;
  }

  /** Starts a container and describes it as it was just before. The limits are those of the form. */
  async run(step: Step, jid: string, form: Form, what: What): Promise<Compute> {
    const { engine, store, ignoreLimits } = this.#options;
    const { input, output } = what.mounts;
    const created = await engine.run({
      ...what,
      name: nameOf(step, jid),
      labels: this.#labels(step),
      limits: ignoreLimits ? null : { cpu: form.int("cpu_limit"), memory: form.int("memory_limit") },
      mounts: {
        ...(input !== undefined && { input: store.hostPath(input) }),
        output: store.hostPath(output),
      },
    });
    return computeOf(jid, created, "");
  }

  #find(step: Step, jid: string): Promise<Inspected | null> {
    return this.#options.engine.find(nameOf(step, jid), this.#labels(step));
  }

  async #describe(jid: string, found: Inspected): Promise<Compute> {
    return computeOf(jid, found, await this.#options.engine.logs(found.Id, this.#options.logsTail));
  }

  #labels(step: Step): Record<string, string> {
    return { ...this.#options.labels, "org.chrisproject.job_type": step };
  }
}

function nameOf(step: Step, jid: string): string {
  return step === "plugin" ? jid : `${jid}-${step}`;
}
