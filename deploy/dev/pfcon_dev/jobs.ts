/**
 * What pfcon does with a job: the rules of its four collections. All it knows is the engine's containers and
 * the store's directories.
 *
 * @module
 */
import { join } from "node:path";
import { type Compute, isFinished, skipped, type Status } from "./compute.ts";
import { copyCommand, deleteCommand, pluginCommand, uploadCommand } from "./container_spec.ts";
import type { Form } from "./form.ts";
import { HttpError } from "./http_error.ts";
import { JobContainers, type JobContainersOptions, type Step, type What } from "./job_containers.ts";
import { storePath } from "./store.ts";

/** What decides how jobs are run. */
export interface JobsOptions extends JobContainersOptions {
  /** `fslink` needs copies, `s3` copies and uploads, `filesystem` neither. */
  readonly storage: "fslink" | "filesystem" | "s3";
  /** Has `sh`, `cp`, `find` and `rm`. */
  readonly opImage: string;
  /** Who copies, uploads and deletes: normally whoever owns the store. Null for the image's user. */
  readonly opUser: { readonly uid: number; readonly gid: number } | null;
  /** Whether DELETE removes anything. */
  readonly removeJobs: boolean;
}

/** Body of the answer to a POST. */
export interface Scheduled {
  readonly data?: Record<string, unknown>;
  readonly compute: Compute;
}

/** The four collections. */
export class Jobs {
  readonly #options: JobsOptions;
  readonly #containers: JobContainers;

  constructor(options: JobsOptions) {
    this.#options = options;
    this.#containers = new JobContainers(options);
  }

  /** Carries out a POST. @throws {HttpError} */
  async schedule(step: Step, form: Form): Promise<Scheduled> {
    const jid = form.text("jid").replace(/^\/+/, "");
    if (step === "plugin") return await this.#plugin(jid, form);
    if (step === "copy") return { compute: await this.#copy(jid, form) };
    if (step === "upload") return { compute: await this.#upload(jid, form) };
    return { compute: await this.#delete(jid, form) };
  }

  /** Carries out a GET. @throws {HttpError} 404 */
  async get(step: Step, jid: string): Promise<Compute> {
    const compute = await this.#containers.get(step, jid);
    if (step === "delete" && compute.status === "finishedSuccessfully") {
      await this.#options.store.removeEmpty(this.#options.store.keyDir(jid));
    }
    return compute;
  }

  /** Carries out a DELETE. */
  async remove(step: Step, jid: string): Promise<void> {
    if (this.#options.removeJobs) await this.#containers.remove(step, jid);
  }

  async #plugin(jid: string, form: Form): Promise<Scheduled> {
    const { storage, store } = this.#options;
    const { inputDirs, output } = this.#pluginPaths(form);
    const bad = form.list("env").find((item) => !item.includes("="));
    if (bad !== undefined) throw new HttpError(400, `env: "${bad}" is not KEY=VALUE`);
    const existing = await this.#containers.existing("plugin", jid);
    if (existing) return { data: {}, compute: existing };
    if (storage !== "filesystem") {
      await this.#mustHave("copy", jid, (status) => status === "finishedSuccessfully");
    }
    if (form.int("number_of_workers") !== 1) {
      throw new HttpError(400, "number_of_workers: Docker takes 1 only");
    }
    if (storage === "filesystem") {
      const [input = ""] = inputDirs;
      const compute = await this.#containers.run(
        "plugin",
        jid,
        form,
        pluginContainer(form, { input, output }),
      );
      return { data: await this.#inputData(jid, input), compute };
    }
    const key = store.keyDir(jid);
    if (storage === "s3") await store.make(join(key, "outgoing"), 0o777);
    const mounts = {
      input: join(key, "incoming"),
      output: storage === "s3" ? join(key, "outgoing") : output,
    };
    return {
      data: {},
      compute: await this.#containers.run("plugin", jid, form, pluginContainer(form, mounts)),
    };
  }

  async #copy(jid: string, form: Form): Promise<Compute> {
    const { storage, store } = this.#options;
    const inputDirs = form.list("input_dirs").map(storePath);
    storePath(form.text("output_dir"));
    if (storage === "filesystem") return skipped(jid, "copy");
    const existing = await this.#containers.existing("copy", jid);
    if (existing) return existing;
    await store.make(join(store.keyDir(jid), "incoming"));
    return await this.#op("copy", jid, form, copyCommand(inputDirs), {
      input: "",
      output: store.keyDir(jid),
    });
  }

  /** The real one mounts the job's directory alone and writes to object storage: here the store is both. */
  async #upload(jid: string, form: Form): Promise<Compute> {
    const { storage, store } = this.#options;
    const output = storePath(form.text("job_output_path"));
    if (storage !== "s3") return skipped(jid, "upload");
    await this.#mustHave("plugin", jid, isFinished);
    const existing = await this.#containers.existing("upload", jid);
    if (existing) return existing;
    await store.make(output);
    const input = join(store.keyDir(jid), "outgoing");
    return await this.#op("upload", jid, form, uploadCommand(), { input, output });
  }

  async #delete(jid: string, form: Form): Promise<Compute> {
    const key = this.#options.store.keyDir(jid);
    if (!await this.#options.store.has(key)) return skipped(jid, "delete");
    for (const step of ["copy", "plugin", "upload"] as const) {
      const status = await this.#containers.status(step, jid);
      if (status === "notStarted" || status === "started") {
        throw new HttpError(409, `the ${step} job is ${status}`);
      }
    }
    const existing = await this.#containers.existing("delete", jid);
    return existing ?? await this.#op("delete", jid, form, deleteCommand(), { output: key });
  }

  async #op(step: Step, jid: string, form: Form, cmd: string[], mounts: What["mounts"]): Promise<Compute> {
    const { opImage: image, opUser: user } = this.#options;
    if (image === "") throw new HttpError(500, "PFCON_OP_IMAGE is not set");
    return await this.#containers.run(step, jid, form, { image, cmd, env: [], mounts, gpus: 0, user });
  }

  async #mustHave(step: Step, jid: string, isEnough: (status: Status) => boolean): Promise<void> {
    const status = await this.#containers.status(step, jid);
    if (status === null) throw new HttpError(409, `there is no ${step} job "${jid}"`);
    if (!isEnough(status)) throw new HttpError(409, `the ${step} job is ${status}`);
  }

  #pluginPaths(form: Form): { inputDirs: string[]; output: string } {
    const inputDirs = form.list("input_dirs").map(storePath);
    const output = form.optional("output_dir");
    if (this.#options.storage === "filesystem" && inputDirs.length === 0) {
      throw new HttpError(400, "input_dirs: needed with this storage");
    }
    if (output === null) throw new HttpError(400, "output_dir: needed with this storage");
    return { inputDirs, output: storePath(output) };
  }

  async #inputData(jid: string, input: string): Promise<Record<string, unknown>> {
    const { store } = this.#options;
    const files = await store.has(input) ? await Array.fromAsync(store.files(input)) : [];
    const timestamp = new Date().toISOString().replace("T", " ").replace("Z", "000");
    return { jid, nfiles: files.length, timestamp, path: store.path(input) };
  }
}

function pluginContainer(form: Form, mounts: What["mounts"]): What {
  const cmd = pluginCommand({
    entrypoint: form.list("entrypoint"),
    args: form.list("args"),
    pathFlags: form.list("args_path_flags"),
    type: form.text("type"),
  });
  return {
    image: form.text("image"),
    cmd,
    env: form.list("env"),
    mounts,
    gpus: form.int("gpu_limit"),
    user: null,
  };
}
