/**
 * A place to try the stand-in.
 *
 * @module
 */
import type { JobType } from "lib/event/status.ts";
import { type Compute, PfconClient, type PfconJob } from "lib/pfcon/client.ts";
import { readConfig } from "lib/run/config.ts";
import { sleep } from "lib/run/sleep.ts";
import { type PfconDev, PfconDevConfig, startPfconDev } from "../pfcon_dev.ts";
import type { TestEngine } from "./engine_for_tests.ts";

/** One stand-in with a store of its own, and the jobs a test makes on it. */
export class Bench implements AsyncDisposable {
  /** Logs in and talks to it. */
  readonly client: PfconClient;
  readonly #jobs: string[] = [];

  private constructor(readonly engine: TestEngine, readonly store: string, readonly server: PfconDev) {
    this.client = new PfconClient({ url: server.url, user: "someone", password: "pass word" });
  }

  /** Starts a stand-in with these settings and two input files in its store. */
  static async open(engine: TestEngine, settings: Record<string, string>): Promise<Bench> {
    const store = await Deno.makeTempDir({ prefix: "pfcon-dev-" });
    await Deno.mkdir(`${store}/home/foo/in/sub`, { recursive: true });
    await Deno.writeTextFile(`${store}/home/foo/in/a.txt`, "hello\n");
    await Deno.writeTextFile(`${store}/home/foo/in/sub/c.txt`, "deep\n");
    const config = readConfig(PfconDevConfig, {
      PORT: "0",
      PFCON_USER: "someone",
      PFCON_PASSWORD: "pass word",
      STOREBASE: store,
      PFCON_OP_IMAGE: engine.image,
      DOCKER_HOST: engine.address,
      LOG_LEVEL: "error",
      ...settings,
    });
    return new Bench(engine, store, startPfconDev(config));
  }

  /** A job with a name of its own that runs a shell script; removed at the end. */
  job(script: string, other: Partial<PfconJob> = {}): PfconJob {
    const job_id = `pfcon-dev-test-${crypto.randomUUID().slice(0, 8)}`;
    this.#jobs.push(job_id);
    return {
      job_id,
      image: this.engine.image,
      entrypoint: ["sh", "-c"],
      type: "ds",
      args: [script],
      input_dirs: ["home/foo/in"],
      output_dir: "home/foo/out",
      cpu_limit: 500,
      memory_limit: 64,
      gpu_limit: 0,
      number_of_workers: 1,
      env: [],
      auid: "cube",
      ...other,
    };
  }

  /** The state of a job as soon as it is `good`. */
  async until(step: JobType, { job_id }: PfconJob, good: (compute: Compute) => boolean): Promise<Compute> {
    for (let tries = 0; tries < 600; tries++) {
      const compute = await this.client.get(step, job_id);
      if (compute && good(compute)) return compute;
      await sleep(50);
    }
    throw new Error(
      `Cannot wait any longer for ${step} of "${job_id}": ${
        JSON.stringify(await this.client.get(step, job_id))
      }`,
    );
  }

  /** Schedules a step and waits for its end. */
  async finish(step: JobType, job: PfconJob): Promise<Compute> {
    await this.client.schedule(step, job);
    return await this.until(step, job, ({ status }) => status.startsWith("finished"));
  }

  /** A file of the store. */
  read(path: string): Promise<string> {
    return Deno.readTextFile(`${this.store}/${path}`);
  }

  /** Whether there is such a file or directory in the store. */
  has(path: string): Promise<boolean> {
    return Deno.stat(`${this.store}/${path}`).then(() => true, () => false);
  }

  /** A request as it is, with a valid token unless `headers` has another. */
  async raw(
    path: string,
    init: RequestInit = {},
  ): Promise<{ status: number; body: string; headers: Headers }> {
    const credentials = JSON.stringify({ pfcon_user: "someone", pfcon_password: "pass word" });
    const json = { "content-type": "application/json" };
    const login = await fetch(`${this.server.url}/api/v1/auth-token/`, {
      method: "POST",
      headers: json,
      body: credentials,
    });
    const headers = { authorization: `Bearer ${(await login.json()).token}`, ...init.headers };
    const answer = await fetch(`${this.server.url}${path}`, { redirect: "manual", ...init, headers });
    return { status: answer.status, body: await answer.text(), headers: answer.headers };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const names = this.#jobs.flatMap((id) => [id, `${id}-copy`, `${id}-upload`, `${id}-delete`]);
    await Promise.all(
      names.map((name) => this.engine.docker.getContainer(name).remove({ force: true }).catch(() => {})),
    );
    await this.server[Symbol.asyncDispose]();
    await Deno.remove(this.store, { recursive: true });
  }
}
