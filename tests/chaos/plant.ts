/**
 * Guarantees broken on purpose: switches of the harness, not of the product. Each is set to work on a job of its own.
 *
 * @module
 */
import { Redis } from "ioredis";
import postgres from "postgres";
import { openDocker } from "../../deploy/dev/docker_client.ts";
import { orderJob } from "./load.ts";
import type { Job } from "./load/recipes.ts";
import { Script } from "./load/script.ts";
import type { Observations } from "./observations.ts";
import { CONTAINER_PLANTS } from "./plant/containers.ts";
import { ENTRY_PLANTS } from "./plant/entries.ts";
import type { Plant, PlantTools } from "./plant/plant.ts";
import { ROW_PLANTS } from "./plant/rows.ts";
import { SEEN_PLANTS } from "./plant/seen.ts";
import type { JobTruth } from "./truth.ts";

/** All plants, in the order of their guarantees. */
export const PLANTS: readonly Plant[] = [...ROW_PLANTS, ...ENTRY_PLANTS, ...CONTAINER_PLANTS, ...SEEN_PLANTS]
  .toSorted((a, b) => Number(a.guarantee.slice(1)) - Number(b.guarantee.slice(1)));

/** The plants of a guarantee, or the one of that name, or `all`. @throws {RangeError} if there is none. */
export function plantsOf(name: string): Plant[] {
  const found = PLANTS.filter((plant) => [plant.name, plant.guarantee, "all"].includes(name));
  if (found.length > 0) return found;
  const names = PLANTS.map((plant) => plant.name).join(", ");
  throw new RangeError(`Cannot plant "${name}": expected all, a guarantee such as G1, or one of ${names}`);
}

/** What was planted, and where it must be found. */
export interface Planted {
  readonly plant: Plant;
  /** Null if it is found elsewhere than in a job. */
  readonly truth: JobTruth | null;
  readonly subject: string;
}

/** Plants at work; disposing lets go of what they hold. */
export class Plants implements AsyncDisposable {
  planted: Planted[] = [];
  readonly #plants: readonly Plant[];
  readonly #tools: PlantTools;

  constructor(
    plants: readonly Plant[],
    { world, observers, signal }: Pick<PlantTools, "world" | "observers" | "signal">,
  ) {
    this.#plants = plants;
    this.#tools = {
      world,
      observers,
      signal,
      redis: new Redis(world.redisUrl, { lazyConnect: true }),
      sql: postgres(world.postgresUrl, { max: 2, onnotice: () => {} }),
      docker: openDocker(world.dockerHost),
    };
    this.#tools.redis.on("error", () => {}); // told by the call that fails
  }

  /**
   * Orders a job for each plant and tampers with it while it runs. What Redis is to lose is lost first, so that it is
   * lost to no other plant's job. Returns the jobs.
   *
   * @throws {Error} if something cannot be planted: then nothing would be proven.
   */
  async begin(): Promise<JobTruth[]> {
    const flushing = this.#plants.filter(({ guarantee }) => guarantee === "G14");
    const others = this.#plants.filter(({ guarantee }) => guarantee !== "G14");
    for (const group of [flushing, others]) {
      this.planted.push(...await Promise.all(group.map((plant) => this.#begin(plant))));
    }
    return this.planted.flatMap(({ truth }) => truth ?? []);
  }

  /** Tampers with what is left of jobs whose workflows are over. */
  async end(): Promise<void> {
    this.planted = await Promise.all(this.planted.map(async ({ plant, truth, subject }) => {
      const elsewhere = truth && await plant.after?.(this.#tools, truth);
      return { plant, truth, subject: elsewhere || subject };
    }));
  }

  /** What was seen, as the plants would have it. */
  edited(observations: Observations): Observations {
    return this.planted.reduce(
      (edited, { plant, subject }) => plant.edit?.(edited, subject) ?? edited,
      observations,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#tools.redis.disconnect();
    await this.#tools.sql.end({ timeout: 1 });
  }

  async #begin(plant: Plant): Promise<Planted> {
    if (plant.subject) return { plant, truth: null, subject: plant.subject };
    const { world, observers, signal } = this.#tools;
    const jobId = `chaos-${crypto.randomUUID().slice(0, 8)}-${plant.name.toLowerCase()}`;
    await plant.before?.(this.#tools, jobId);
    observers.follow(jobId);
    const truth = await orderJob(world, plantJob(jobId, plant.during !== undefined), signal);
    if (plant.during) {
      await observers.engine.untilRunning(jobId, signal);
      await plant.during(this.#tools, truth);
    }
    return { plant, truth, subject: jobId };
  }
}

/** Twenty lines: at once, or so slowly that there is time to tamper with the job. */
function plantJob(jobId: string, slowly: boolean): Job {
  const script = new Script(jobId).count("stdout", 20, slowly ? 150 : 0).then("exit 0");
  return {
    truth: { jobId, recipe: "plant", stdout: script.stdout, stderr: [], end: { exit: 0 } },
    image: null,
    entrypoint: ["sh", "-c"],
    args: [script.text],
  };
}
