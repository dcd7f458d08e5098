import { assert, assertEquals } from "@std/assert";
import { JOB_TYPES } from "lib/event/status.ts";
import { JobBusyError } from "lib/store/job_turn.ts";
import { benchOfFile, entriesOf, eventually, forgetAll } from "./bench.ts";
import { dump } from "./dump.ts";
import { FaultPoints } from "./fault_points.ts";
import { lifeDeeds } from "./life_deeds.ts";

const bench = benchOfFile();

/** All deeds in this process; the names of the points of each. */
async function live(
  deeds = Object.keys(lifeDeeds(tools(), new FaultPoints())),
): Promise<Map<string, string[]>> {
  const passed = new Map<string, string[]>();
  for (const deed of deeds) {
    const points = new FaultPoints();
    // The connection of a killed process may hold its job for a moment still.
    await eventually(async () => {
      try {
        await lifeDeeds(tools(), points)[deed]?.();
        return true;
      } catch (error) {
        if (error instanceof JobBusyError) return false;
        throw error;
      }
    });
    passed.set(deed, points.passed);
  }
  return passed;
}

function tools() {
  return { sql: bench.sql, redis: bench.redis, pfcon: bench.pfcon.client };
}

/** Has a process of its own do the deed and be killed at the point. */
async function kill(deed: string, at: number, pfconUrl: string): Promise<void> {
  const { postgresServer, redisServer, pfcon: { strict } } = bench;
  const probe = new URL("dying_probe.ts", import.meta.url).pathname;
  const args = [postgresServer.dsn, redisServer.url, pfconUrl, strict.user, strict.password, deed, `${at}`];
  const { signal, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", probe, ...args],
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).output();
  assertEquals(signal, "SIGKILL", `${deed} was not killed at ${at}: ${new TextDecoder().decode(stderr)}`);
}

Deno.test("G5 G6 G7 a job comes to the same rows and streams though a process is killed in each of its deeds, at a point of chance", async () => {
  const seed = Number(Deno.env.get("TEST_SEED") ?? crypto.getRandomValues(new Uint32Array(1))[0]);
  console.log(`TEST_SEED=${seed}`);
  const told = async (base: string) =>
    (await entriesOf(bench.redis, `${base}:0`)).map(({ event }) => event.event_id);
  const deeds = await live();
  const undisturbed = await dump(bench.sql);
  const streams = [await told("stream:job-status"), await told("stream:job-workflow")];
  assertEquals(streams.map((ids) => ids.length), [4, 11]);

  await forgetAll(bench);
  await using server = bench.pfcon.serve();
  for (const [index, [deed, points]] of [...deeds].entries()) {
    const at = 1 + (seed + index * 7_919) % points.length;
    await kill(deed, at, server.url);
    await live([deed]);
  }
  assertEquals(await dump(bench.sql), undisturbed);
  assertEquals([await told("stream:job-status"), await told("stream:job-workflow")], streams);
  for (const step of JOB_TYPES) {
    assert(bench.pfcon.countOf(`POST ${step}`) === 1, `${step}: ${bench.pfcon.calls}`);
  }
});
