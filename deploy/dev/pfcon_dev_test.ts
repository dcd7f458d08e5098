import { assert, assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { PfconConflictError, PfconFaultError, startFailureReason } from "lib/pfcon/client.ts";
import { Bench } from "./pfcon_dev/bench_for_tests.ts";
import { openTestEngine, type TestEngine, whyNoEngine } from "./pfcon_dev/engine_for_tests.ts";

const missing = await whyNoEngine();
const ignore = missing !== null && Deno.env.get("REQUIRE_DOCKER") !== "1";
const note = missing === null ? "" : ` [${missing}]`;
let engine: Promise<TestEngine> | null = null;

Deno.test.afterAll(async () => void await (await engine?.catch(() => null))?.[Symbol.asyncDispose]());

/** A test that needs an engine. Ignored without one, or failing if `REQUIRE_DOCKER=1`. */
function testWithEngine(
  name: string,
  settings: Record<string, string>,
  body: (bench: Bench) => Promise<void>,
) {
  Deno.test({
    name: `pfcon_dev ${name}${note}`,
    ignore,
    async fn() {
      await using bench = await Bench.open(await (engine ??= openTestEngine()), settings);
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
        'echo $FOO | cat /share/incoming/a.txt - > /share/outgoing/b.txt; echo err >&2; [ -d "$0" ] && [ -d "$1" ] && echo both',
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
    assertEquals(ended.logs.split("\n").toSorted(), ["", "both", "err", "hello", "start"]);
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

testWithEngine("(fslink) refuses a plugin until its copy has ended well", {}, async (bench) => {
  const { client, engine } = bench;
  const job = bench.job("true");
  const Labels = { "org.chrisproject.job_type": "copy", "org.chrisproject.miniChRIS": "plugininstance" };
  const slow = { name: `${job.job_id}-copy`, Image: job.image, Cmd: ["sleep", "600"], Labels };
  await (await engine.docker.createContainer(slow)).start();
  await assertRejects(() => client.schedule("plugin", job), PfconConflictError, "copy job is started");
  await client.remove("copy", job.job_id);

  await Deno.mkdir(`${bench.store}/key-${job.job_id}/incoming/a.txt`, { recursive: true });
  assertEquals((await bench.finish("copy", job)).status, "finishedWithError");
  await assertRejects(
    () => client.schedule("plugin", job),
    PfconConflictError,
    "copy job is finishedWithError",
  );
  await Deno.remove(`${bench.store}/key-${job.job_id}/incoming/a.txt`);
  assertEquals((await bench.finish("copy", job)).status, "finishedSuccessfully");
  assertEquals((await bench.finish("plugin", job)).status, "finishedSuccessfully");
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
