import { assert, assertEquals } from "@std/assert";
import { check, type CheckResults, violations } from "../chaos/check.ts";
import { orderJob } from "../chaos/load.ts";
import { RECIPES } from "../chaos/load/recipes.ts";
import { StolenTime } from "../chaos/observe/stolen_time.ts";
import { Observers } from "../chaos/observe.ts";
import { PLANTS, Plants } from "../chaos/plant.ts";
import { Random } from "../chaos/random.ts";
import { startWorld } from "../chaos/start_world.ts";
import type { JobTruth } from "../chaos/truth.ts";
import type { AttackableWorld } from "../chaos/world/attackable_world.ts";
import { GRACE_SECONDS } from "../chaos/world/settings.ts";

const dockerHost = Deno.env.get("DOCKER_HOST") ?? "";
/** Kinds of jobs that nobody tampers with, run beside the others. */
const CLEAN = ["oddLines", "longLines", "bothStreams", "fails", "no-program"];
/** All of them begin at once, and how long that takes is not what is tested (ms). */
const OVER_WITHIN_MS = 360_000;

Deno.test({
  name: "The checker of the chaos harness finds each guarantee that is broken on purpose, and nothing else",
  ignore: !dockerHost,
  fn: async (t) => {
    const random = new Random(1);
    await using world = await startWorld({ dockerHost, random });
    await using observers = new Observers(world, random.fork("observers"));
    const { signal } = new AbortController();
    await using plants = new Plants(PLANTS, { world, observers, signal });
    const [clean, tampered] = await Promise.all([orderClean(world, observers, random), plants.begin()]);
    const truths = [...clean, ...tampered];
    await world.heal(signal);
    const jobIds = truths.map(({ jobId }) => jobId);
    await observers.untilOver(jobIds, new StolenTime(), signal, OVER_WITHIN_MS);
    await plants.end();
    const seen = plants.edited(await observers.finish(jobIds, signal));
    const limits = { graceMs: GRACE_SECONDS * 1_000, overWithinMs: OVER_WITHIN_MS };
    const results = check(truths, seen, limits);

    for (const { plant, subject } of plants.planted) {
      await t.step(`${plant.guarantee} is found broken when ${plant.about}`, () => {
        const found = results[plant.guarantee]?.violations ?? [];
        assert(found.some((one) => one.subject === subject), `${subject} in ${texts(results).join("\n")}`);
      });
    }
    await t.step("every guarantee was compared with something", () => {
      const unchecked = Object.entries(results).filter(([, { checked }]) => checked === 0);
      assertEquals(unchecked.map(([guarantee]) => guarantee), []);
    });
    await t.step("no job is said to be broken that nobody tampered with", () => {
      const subjects = new Set(plants.planted.map(({ subject }) => subject));
      const others = texts(results).filter((text) =>
        ![...subjects].some((subject) => text.includes(subject))
      );
      assertEquals(others, []);
    });
  },
});

function orderClean(world: AttackableWorld, observers: Observers, random: Random): Promise<JobTruth[]> {
  return Promise.all(CLEAN.flatMap((name, index) => {
    const job = RECIPES[name]?.(
      `chaos-${crypto.randomUUID().slice(0, 8)}-clean-${index}z`,
      random.fork(name),
    );
    if (!job) return [];
    observers.follow(job.truth.jobId);
    return [orderJob(world, job, new AbortController().signal)];
  }));
}

function texts(results: CheckResults): string[] {
  return violations(results).map(({ guarantee, subject, what }) => `${guarantee} ${subject}: ${what}`);
}
