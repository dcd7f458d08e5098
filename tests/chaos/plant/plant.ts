/**
 * A guarantee broken on purpose, from outside, to see that the checker finds it.
 *
 * @module
 */
// @ts-types="@types/dockerode"
import type Docker from "dockerode";
import type { Redis } from "ioredis";
import type postgres from "postgres";
import type { Observers } from "../observe.ts";
import type { Observations } from "../observations.ts";
import type { JobTruth } from "../truth.ts";
import type { AttackableWorld } from "../world/attackable_world.ts";

/** What a plant may lay its hands on. */
export interface PlantTools {
  readonly world: AttackableWorld;
  readonly observers: Observers;
  readonly redis: Redis;
  readonly sql: postgres.Sql;
  readonly docker: Docker;
  /** Ends waiting. */
  readonly signal: AbortSignal;
}

/** A way of breaking a guarantee. It does so to a job of its own, and to nothing else. */
export interface Plant {
  /** The guarantee, then what is done: `G1-lost-row`. */
  readonly name: string;
  /** Under which the checker must find it. */
  readonly guarantee: string;
  /** For people: what is done. */
  readonly about: string;
  /** Done before the job is ordered. */
  readonly before?: (tools: PlantTools, jobId: string) => Promise<void>;
  /** Done while the job's plugin runs. */
  readonly during?: (tools: PlantTools, job: JobTruth) => Promise<void>;
  /** Done when all workflows are over, before the last answers are read. Returns the subject if it is not the job. */
  readonly after?: (tools: PlantTools, job: JobTruth) => Promise<string | void>;
  /** Where nothing real can be tampered with (the module says why): the observations in place of it. */
  readonly edit?: (observations: Observations, jobId: string) => Observations;
  /** What it is found under, if not under the job. */
  readonly subject?: string;
}
