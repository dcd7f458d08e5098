/**
 * All observers together: they read only what anyone can read from outside, and never write but one key of their
 * own.
 *
 * @module
 */
import postgres from "postgres";
import { sleep } from "lib/run/sleep.ts";
import { ask, readAnswers, readLog } from "./observe/answers.ts";
import { Clients } from "./observe/clients.ts";
import { ConfirmationWatch } from "./observe/confirmations.ts";
import { EngineWatch } from "./observe/engine_watch.ts";
import { Lateness } from "./observe/lateness.ts";
import type { StolenTime } from "./observe/stolen_time.ts";
import { StreamTap } from "./observe/tap.ts";
import type { Observations } from "./observations.ts";
import type { Random } from "./random.ts";
import type { World } from "./world.ts";

/** Longest time from the end of the faults until all workflows are over (guarantee G7), ms. */
export const OVER_WITHIN_MS = 120_000;
/** So much longer it may take at most because the machine is kept from working (ms). */
export const MOST_STOLEN_MS = 180_000;
/** Longest time for the rest after that: clients are told the end, the last entries are read (ms). */
const REST_MS = 180_000;
/** Pause between two questions (ms). */
const AGAIN_MS = 250;

/** Observers at work; disposing stops them. */
export class Observers implements AsyncDisposable {
  readonly tap: StreamTap;
  readonly engine: EngineWatch;
  readonly #world: World;
  readonly #clients: Clients;
  readonly #confirmations: ConfirmationWatch;
  readonly #lateness = new Lateness();
  #stolenMs = 0;

  constructor(world: World, random: Random) {
    this.#world = world;
    this.tap = new StreamTap(world);
    this.#clients = new Clients(world.urls, random.fork("clients"));
    this.#confirmations = new ConfirmationWatch(world.postgresUrl);
    this.tap.onEntry = (entry) => this.#confirmations.note(entry);
    this.engine = new EngineWatch(world, (container, signal) => countStored(world.url, container, signal));
  }

  /** Begins to watch a job as clients do. */
  follow(jobId: string): void {
    this.#clients.follow(jobId);
  }

  /** Begins to watch a job once more, of which another attempt has begun. */
  followAgain(jobId: string): void {
    this.#clients.followAgain(jobId);
  }

  /**
   * Waits until the workflows of these jobs are over, for `withinMs` of the machine's time at most. `stolen`: what
   * was taken from it since the faults ended.
   */
  async untilOver(
    jobIds: readonly string[],
    stolen: StolenTime,
    signal: AbortSignal,
    withinMs = OVER_WITHIN_MS,
  ): Promise<void> {
    const begin = performance.now();
    const late = AbortSignal.any([signal, AbortSignal.timeout(withinMs + MOST_STOLEN_MS)]);
    for (const jobId of jobIds) {
      while (!late.aborted) {
        const workflow = await ask(`${this.#world.url}/api/jobs/${jobId}/workflow`, late);
        this.#stolenMs = Math.min(stolen.ms, MOST_STOLEN_MS);
        if (workflow && workflow.status !== "running") break;
        if (performance.now() - begin > withinMs + this.#stolenMs) return;
        await sleep(AGAIN_MS, late);
      }
    }
  }

  /** Everything that was seen of these jobs, whose workflows are over. */
  async finish(jobIds: readonly string[], signal: AbortSignal): Promise<Observations> {
    const world = this.#world;
    const rest = AbortSignal.any([signal, AbortSignal.timeout(REST_MS)]);
    for (const jobId of jobIds) this.#clients.followLate(jobId);
    const clients = await this.#clients.finish(rest);
    await this.#untilTapped(jobIds, rest);
    const finals = [];
    for (const jobId of jobIds) finals.push(await readAnswers(world.url, jobId, signal));
    const containers = await this.engine.finish();
    const tables = await readTables(world.postgresUrl, jobIds);
    const { generation } = this.tap;
    await this.#confirmations[Symbol.asyncDispose]();
    return {
      entries: this.tap.entries,
      events: this.#clients.events,
      clients,
      containers,
      confirmations: this.#confirmations.seen,
      pfconCalls: world.pfconCalls,
      finals,
      tables,
      deadLetters: [
        ...this.tap.deadLetters.filter((letter) => letter.generation < generation),
        ...await this.tap.deadLettersNow(),
      ],
      injected: world.injected,
      redisLosses: this.tap.losses,
      stops: world.stops,
      lateMs: this.#lateness.mostMs,
      stolenMs: Math.round(this.#stolenMs),
      healedAt: world.healedAt,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#lateness[Symbol.dispose]();
    const parts = [this.#clients, this.tap, this.engine, this.#confirmations];
    await Promise.all(parts.map((part) => part[Symbol.asyncDispose]()));
  }

  /** The end of a job's workflow is the last that is told of it: confirmations go out before. */
  async #untilTapped(jobIds: readonly string[], signal: AbortSignal): Promise<void> {
    const missing = new Set(jobIds);
    for (let from = 0; missing.size > 0 && !signal.aborted;) {
      for (; from < this.tap.entries.length; from++) {
        const data = this.tap.entries[from]?.data ?? "";
        if (!data.includes('"completed"')) continue;
        for (const jobId of missing) if (data.includes(`"${jobId}"`)) missing.delete(jobId);
      }
      if (missing.size > 0) await sleep(AGAIN_MS, signal);
    }
  }
}

async function countStored(
  url: string,
  { id, name }: { id: string; name: string },
  signal: AbortSignal,
): Promise<number | null> {
  const jobId = name.replace(/-(?:copy|upload|delete)$/, "");
  const lines = await readLog(url, jobId, signal);
  return lines && lines.filter((line) => (line as { container_id?: unknown }).container_id === id).length;
}

async function readTables(postgresUrl: string, jobIds: readonly string[]): Promise<Observations["tables"]> {
  const sql = postgres(postgresUrl, { max: 1, onnotice: () => {} });
  const ids = [...jobIds];
  try {
    return {
      job_status: await sql`SELECT * FROM job_status WHERE job_id = ANY(${ids})`,
      job_workflow: await sql`SELECT * FROM job_workflow WHERE job_id = ANY(${ids})`,
      job_workflow_events:
        await sql`SELECT * FROM job_workflow_events WHERE job_id = ANY(${ids}) ORDER BY id`,
    };
  } finally {
    await sql.end();
  }
}
