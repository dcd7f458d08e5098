import { assert, assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import {
  type Compute,
  PfconClient,
  PfconConflictError,
  PfconFaultError,
  type PfconJob,
} from "lib/pfcon/client.ts";
import { startFailureReason } from "lib/pfcon/client.ts";
import { readConfig } from "lib/run/config.ts";
import { sleep } from "lib/run/sleep.ts";
import type { JobType } from "lib/event/status.ts";
import { openTestEngine, type TestEngine, whyNoEngine } from "./pfcon_dev/engine_for_tests.ts";
import { type PfconDev, PfconDevConfig, startPfconDev } from "./pfcon_dev.ts";

const missing = await whyNoEngine();
const ignore = missing !== null && Deno.env.get("REQUIRE_DOCKER") !== "1";
const note = missing === null ? "" : ` [${missing}]`;

/** One stand-in with a store of its own, and the jobs a test makes on it. */
class Bench implements AsyncDisposable {
  readonly client: PfconClient;
  readonly #jobs: string[] = [];

  private constructor(readonly engine: TestEngine, readonly store: string, readonly server: PfconDev) {
    this.client = new PfconClient({ url: server.url, user: "someone", password: "pass word" });
  }

  static async open(settings: Record<string, string> = {}): Promise<Bench> {
    const engine = await openTestEngine();
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

  read(path: string): Promise<string> {
    return Deno.readTextFile(`${this.store}/${path}`);
  }

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
    await this.engine[Symbol.asyncDispose]();
    await Deno.remove(this.store, { recursive: true });
  }
}

/** A test that needs an engine. */
function testWithEngine(
  name: string,
  settings: Record<string, string>,
  body: (bench: Bench) => Promise<void>,
) {
  Deno.test({
    name: `pfcon_dev ${name}${note}`,
    ignore,
    async fn() {
      await using bench = await Bench.open(settings);
      await body(bench);
    },
  });
}

testWithEngine(
  "(filesystem) runs, reports, repeats and removes a job",
  { STORAGE_ENV: "filesystem" },
  async (bench) => {
    const { client } = bench;
    const job = bench.job(
      "echo start; cat /share/incoming/a.txt; while [ ! -e /share/outgoing/go ]; do sleep 0.1; done; " +
        'echo $FOO | cat /share/incoming/a.txt - > /share/outgoing/b.txt; echo err >&2; echo "$0 $1"',
      { env: ["FOO=bar=baz"] },
    );
    const info = await client.serverInfo();
    assertEquals([info.storage_env, info.requires_copy_job, info.requires_upload_job], [
      "filesystem",
      false,
      false,
    ]);

    const first = await client.schedule("plugin", job);
    assertEquals([first.jid, first.image, first.status, first.message], [
      job.job_id,
      job.image,
      "notStarted",
      "created",
    ]);
    assertEquals([first.timestamp, first.logs], ["0001-01-01T00:00:00Z", ""]);
    assertMatch(first.cmd, /^sh -c 'echo start;.*' \/share\/incoming \/share\/outgoing$/);

    const running = await bench.until("plugin", job, ({ logs }) => logs.includes("hello"));
    assertEquals([running.status, running.message, running.logs], ["started", "running", "start\nhello\n"]);
    const again = await client.schedule("plugin", { ...job, entrypoint: ["true"] });
    assertEquals([again.cmd, again.status, again.timestamp], [first.cmd, "started", running.timestamp]);

    await Deno.writeTextFile(`${bench.store}/home/foo/out/go`, "");
    const ended = await bench.until("plugin", job, ({ status }) => status !== "started");
    assertEquals([ended.status, ended.message], ["finishedSuccessfully", "exited"]);
    const lines = ended.logs.split("\n");
    assertEquals(lines.toSorted(), ["", lines.at(-2), "err", "hello", "start"].toSorted());
    assertEquals(await bench.read("home/foo/out/b.txt"), "hello\nbar=baz\n");

    const listing = await bench.raw(`/api/v1/pluginjobs/${job.job_id}/file/?job_output_path=/home/foo/out/`);
    assertEquals(listing.headers.get("content-disposition"), `attachment; filename=${job.job_id}.json`);
    const { job_output_path, rel_file_paths } = JSON.parse(listing.body);
    assertEquals([job_output_path, rel_file_paths.toSorted()], ["home/foo/out", ["b.txt", "go"]]);

    for (let times = 0; times < 2; times++) {
      const { status, body } = await bench.raw(`/api/v1/pluginjobs/${job.job_id}/`, { method: "DELETE" });
      assertEquals([status, body], [204, ""]);
    }
    assertEquals(await client.get("plugin", job.job_id), null);
  },
);

testWithEngine(
  "(filesystem) skips what this storage does not need",
  { STORAGE_ENV: "filesystem" },
  async (bench) => {
    const job = bench.job("true");
    for (const step of ["copy", "upload", "delete"] as const) {
      const { jid, image, status, message } = await bench.client.schedule(step, job);
      assertEquals([jid, image, status, message], [job.job_id, "", "finishedSuccessfully", `${step}Skipped`]);
      assertEquals(await bench.client.get(step, job.job_id), null);
      await bench.client.remove(step, job.job_id);
    }
  },
);

testWithEngine("(fslink) copies before and deletes after, and refuses to be hurried", {}, async (bench) => {
  const { client } = bench;
  const job = bench.job(
    "cp /share/incoming/sub/c.txt /share/outgoing/; while [ ! -e /share/outgoing/go ]; do sleep 0.1; done",
  );
  await assertRejects(() => client.schedule("plugin", job), PfconConflictError, "there is no copy job");
  const copied = await bench.finish("copy", { ...job, input_dirs: ["home/foo/in", "no/such/dir"] });
  assertEquals(copied.status, "finishedSuccessfully");
  assertStringIncludes(copied.logs, "2 files are ready");
  assertEquals(await bench.read(`key-${job.job_id}/incoming/sub/c.txt`), "deep\n");

  await client.schedule("plugin", job);
  await bench.until("plugin", job, ({ status }) => status === "started");
  await assertRejects(() => client.schedule("delete", job), PfconConflictError, "plugin job is started");
  assertEquals((await client.schedule("upload", job)).message, "uploadSkipped");
  await Deno.writeTextFile(`${bench.store}/home/foo/out/go`, "");
  await bench.until("plugin", job, ({ status }) => status === "finishedSuccessfully");
  assertEquals(await bench.read("home/foo/out/c.txt"), "deep\n");

  assertEquals((await bench.finish("delete", job)).status, "finishedSuccessfully");
  assertEquals(await bench.has(`key-${job.job_id}`), false);
  assert(await bench.has("home/foo/out/c.txt"));
  for (const step of ["copy", "plugin", "upload", "delete"] as const) await client.remove(step, job.job_id);
  assertEquals(await client.get("delete", job.job_id), null);
});

testWithEngine("(fslink) refuses a plugin whose copy has not ended well", {}, async (bench) => {
  const job = bench.job("true");
  await Deno.mkdir(`${bench.store}/key-${job.job_id}`);
  await Deno.writeTextFile(`${bench.store}/key-${job.job_id}/incoming`, "in the way");
  await assertRejects(() => bench.client.schedule("copy", job), PfconFaultError);
  await Deno.remove(`${bench.store}/key-${job.job_id}/incoming`);
  await Deno.mkdir(`${bench.store}/key-${job.job_id}/incoming/a.txt`, { recursive: true });
  assertEquals((await bench.finish("copy", job)).status, "finishedWithError");
  await assertRejects(() => bench.client.schedule("plugin", job), PfconConflictError, "finishedWithError");
  await Deno.remove(`${bench.store}/key-${job.job_id}/incoming/a.txt`);
  assertEquals((await bench.finish("copy", job)).status, "finishedSuccessfully");
});

testWithEngine("(s3) goes through all steps", { STORAGE_ENV: "s3" }, async (bench) => {
  const { client } = bench;
  const job = bench.job("cat /share/incoming/a.txt /share/incoming/sub/c.txt > /share/outgoing/both.txt");
  assertEquals((await client.serverInfo()).requires_upload_job, true);
  assertEquals((await bench.finish("copy", job)).status, "finishedSuccessfully");
  await assertRejects(() => client.schedule("upload", job), PfconConflictError, "there is no plugin job");
  assertEquals((await bench.finish("plugin", job)).status, "finishedSuccessfully");
  assertEquals(await bench.has("home/foo/out"), false);
  assertStringIncludes((await bench.finish("upload", job)).logs, "uploading 1 files");
  assertEquals(await bench.read("home/foo/out/both.txt"), "hello\ndeep\n");
  assertEquals((await bench.finish("delete", job)).status, "finishedSuccessfully");
  assertEquals(await bench.has(`key-${job.job_id}`), false);
});

testWithEngine(
  "runs a failed job again with what the new request says",
  { STORAGE_ENV: "filesystem" },
  async (bench) => {
    const job = bench.job("echo one; exit 3");
    const failed = await bench.finish("plugin", job);
    assertEquals([failed.status, failed.message, failed.logs], ["finishedWithError", "exited", "one\n"]);
    const second = { ...job, args: ["echo two"] };
    assertEquals((await bench.client.schedule("plugin", second)).message, "created");
    const ended = await bench.until("plugin", job, ({ status }) => status.startsWith("finished"));
    assertEquals([ended.status, ended.logs], ["finishedSuccessfully", "two\n"]);
    assertEquals((await bench.client.schedule("plugin", job)).logs, "two\n");
  },
);

testWithEngine("answers 500 for an image that cannot be pulled and leaves nothing", {
  STORAGE_ENV: "filesystem",
}, async (bench) => {
  const job = bench.job("true", { image: "localhost:1/no/such-image:1" });
  const error = await assertRejects(() => bench.client.schedule("plugin", job), PfconFaultError);
  assertEquals([error.status, startFailureReason(error.detail)], [500, "image-pull"]);
  assertEquals(await bench.client.get("plugin", job.job_id), null);
});

testWithEngine(
  "answers 500 for a bad entrypoint and leaves its container",
  { STORAGE_ENV: "filesystem" },
  async (bench) => {
    const job = bench.job("", { entrypoint: ["no-such-program"] });
    const error = await assertRejects(
      () => bench.client.schedule("plugin", job),
      PfconFaultError,
      "no-such-program",
    );
    assertEquals([error.status, startFailureReason(error.detail)], [500, "start-failed"]);
    const left = await bench.client.get("plugin", job.job_id);
    assertEquals([left?.status, left?.message], ["notStarted", "created"]);
    assertEquals((await bench.client.schedule("plugin", job)).message, "created");
    await bench.client.remove("plugin", job.job_id);
    assertEquals(await bench.client.get("plugin", job.job_id), null);
  },
);

testWithEngine(
  "labels containers and never touches those of others",
  { STORAGE_ENV: "filesystem" },
  async (bench) => {
    const job = bench.job("sleep 600");
    await bench.client.schedule("plugin", job);
    const container = bench.engine.docker.getContainer(job.job_id);
    const { Id, Config } = await container.inspect();
    assertEquals(Config.Labels["org.chrisproject.job_type"], "plugin");
    assertEquals(Config.Labels["org.chrisproject.miniChRIS"], "plugininstance");
    assertEquals(await bench.client.get("plugin", Id.slice(0, 12)), null);
    await bench.client.remove("plugin", Id.slice(0, 12));
    const foreign = bench.job("");
    await bench.engine.docker.createContainer({ name: foreign.job_id, Image: job.image, Cmd: ["true"] });
    assertEquals(await bench.client.get("plugin", foreign.job_id), null);
    await bench.client.remove("plugin", foreign.job_id);
    await assertRejects(() => bench.client.schedule("plugin", foreign), PfconFaultError);
    assertEquals((await bench.engine.docker.getContainer(foreign.job_id).inspect()).State.Status, "created");
    assertEquals((await container.inspect()).State.Running, true);
    await bench.client.remove("plugin", job.job_id);
  },
);

testWithEngine(
  "keeps containers when REMOVE_JOBS is no",
  { STORAGE_ENV: "filesystem", REMOVE_JOBS: "no" },
  async (bench) => {
    const job = bench.job("echo 1; echo 2; echo 3");
    await bench.finish("plugin", job);
    await bench.client.remove("plugin", job.job_id);
    assertEquals((await bench.client.get("plugin", job.job_id))?.logs, "1\n2\n3\n");
  },
);

testWithEngine(
  "shows no more lines than JOB_LOGS_TAIL",
  { STORAGE_ENV: "filesystem", JOB_LOGS_TAIL: "2" },
  async (bench) => {
    assertEquals((await bench.finish("plugin", bench.job("echo 1; echo 2; echo 3"))).logs, "2\n3\n");
  },
);
