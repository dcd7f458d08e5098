/**
 * One job in a world that goes by a plan, worked on by the real code and disturbed as a test wishes.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { JOB_TYPES, type JobType, type StatusEvent } from "lib/event/status.ts";
import { WORKFLOW_STEPS } from "lib/event/workflow.ts";
import { containerFlushedKey } from "lib/log_store/flushed_keys.ts";
import { json } from "lib/pfcon/strict_pfcon.ts";
import { silentLogger as log } from "lib/run/log.ts";
import { type Ending, lifeWith } from "lib/testing/workflow_model.ts";
import type { Order } from "../../../workers/task_worker/apply_fact.ts";
import { cleanUp, CleanupHeldError } from "../../../workers/task_worker/clean_up.ts";
import { confirmationOf, recordStatus } from "../../../workers/task_worker/record_status.ts";
import { Relay } from "../../../workers/task_worker/relay.ts";
import { runStep } from "../../../workers/task_worker/run_step.ts";
import { Sweep } from "../../../workers/task_worker/sweep.ts";
import { type Bench, entriesOf, lifeOf, NOW, stored, workflowOf } from "./bench.ts";
import { FaultPoints, untilCrash } from "./fault_points.ts";
import { skipped } from "./pfcon_bench.ts";

/** The job of a world. */
export const JOB = "trial-1";

/** How pfcon and the containers behave. */
export type Plan = Readonly<Record<JobType, Ending>>;

/** Something that happens; `crashAt` is the point at which the process dies while it does it, 0 for none. */
export interface Happening {
  readonly kind: "order" | "tell" | "prove" | "cleanUp" | "relay" | "sweep" | "pfconFails";
  readonly step: JobType;
  /** Which of the container's states is told. */
  readonly state: number;
  readonly crashAt: number;
}

const RELAY = {
  numShards: 1,
  status: { base: "stream:job-status", maxlen: 10_000 },
  workflow: { base: "stream:job-workflow", maxlen: 10_000 },
  pollMs: 1_000,
  log,
};

/** See the module's description. */
export class World {
  readonly made: JobType[] = [];
  readonly faults: string[] = [];
  readonly #told = new Map<JobType, StatusEvent[]>();
  readonly #bench: Bench;
  readonly #plan: Plan;
  #pfconFails = false;

  constructor(bench: Bench, plan: Plan) {
    this.#bench = bench;
    this.#plan = plan;
    const { pfcon } = bench;
    pfcon.onMade = (step) => {
      this.made.push(step);
      const ending = plan[step];
      const container = JOB_TYPES.indexOf(step) + 1;
      this.#told.set(
        step,
        lifeOf(
          JOB,
          step,
          ending === "finishedWithError" || ending === "undefined" ? ending : "finishedSuccessfully",
          {
            at: container * 10,
            container,
          },
        ),
      );
      if (ending !== "undefined") pfcon.setState(step, JOB, ending as "finishedSuccessfully");
    };
    pfcon.interfere = async (call, pass) => {
      const [method, name] = call.split(" ");
      const step = name as JobType;
      if (method === "DELETE" && this.#told.has(step) && !await this.#isProven(step)) {
        this.faults.push(`${step} was deleted before its log was proven`);
      }
      if (this.#pfconFails) {
        this.#pfconFails = false;
        if (method === "POST") await pass(); // done, but nobody hears of it
        return new Response("", { status: 504 });
      }
      if (method !== "POST") return undefined;
      if (plan[step] === "skipped") return skipped(call);
      return plan[step] === "not-run" ? json(400, { message: "no" }) : undefined;
    };
  }

  /** What the points of crash are around. */
  #context(points: FaultPoints) {
    const { sql, redis, pfcon } = this.#bench;
    return {
      sql: points.sql(sql),
      redis: points.redis(redis),
      pfcon: points.pfcon(pfcon.client),
      startAttempts: 3,
      startGraceMs: 0,
      conflictPatienceMs: 600_000,
      held: { hold: () => {}, release: () => {} },
      quiescenceMs: null,
      now: () => NOW,
    };
  }

  async happen({ kind, step, state, crashAt }: Happening): Promise<void> {
    if (kind === "pfconFails") {
      // What it does not need or refuses it says at once; a lost answer would be another plan.
      this.#pfconFails = !["skipped", "not-run"].includes(this.#plan[step]);
      return;
    }
    if (kind === "prove") return await this.#prove(step);
    const points = new FaultPoints((_, number) => number === crashAt);
    await untilCrash(points, async () => {
      if (kind === "order") await this.#carryOut({ jobId: JOB, kind: "runStep", step }, points);
      if (kind === "cleanUp") await this.#carryOut({ jobId: JOB, kind: "cleanUp" }, points);
      if (kind === "tell") await this.#tell(step, state, points);
      if (kind === "relay") {
        await new Relay(points.sql(this.#bench.sql), points.redis(this.#bench.redis), RELAY).runOnce();
      }
      if (kind === "sweep") await this.#sweep(points);
    });
    await this.#look();
  }

  /** Lets what must happen at last happen, as workers do it that nobody disturbs. */
  async settle(): Promise<void> {
    this.#pfconFails = false;
    const none = new FaultPoints();
    for (let rounds = 0; rounds < 12; rounds++) {
      await this.#sweep(none);
      for (const step of this.made) for (const state of [0, 1, 2]) await this.#tell(step, state, none);
      for (const step of this.made) await this.#prove(step);
      await this.#look();
    }
    await new Relay(this.#bench.sql, this.#bench.redis, RELAY).runOnce();
  }

  async #carryOut(order: Order | null, points: FaultPoints): Promise<void> {
    const context = this.#context(points);
    try {
      if (order?.kind === "runStep") await runStep(context, order, points.signal);
      if (order?.kind === "cleanUp") await cleanUp(context, JOB, points.signal);
    } catch (error) {
      // The queue would try again.
      if (!points.crash && !(error instanceof CleanupHeldError) && !/pfcon/.test(String(error))) throw error;
    }
  }

  async #tell(step: JobType, state: number, points: FaultPoints): Promise<void> {
    const event = this.#told.get(step)?.[state];
    if (event) await recordStatus(points.sql(this.#bench.sql), stored(event), { shard: 0, now: NOW });
  }

  async #sweep(points: FaultPoints): Promise<void> {
    const { sql, pfcon, now } = this.#context(points);
    const give = (order: Order | null) => this.#carryOut(order, points);
    const hasMore = () => Promise.resolve(true);
    await new Sweep({ sql, pfcon, orders: { give }, hasMore, everyMs: 0, silentMs: 0, log, now })
      .runOnce(points.signal).catch((error) => {
        if (!points.crash && !/pfcon/.test(String(error))) throw error;
      });
  }

  async #prove(step: JobType): Promise<void> {
    const [event] = this.#told.get(step) ?? [];
    if (event?.container_id) await this.#bench.redis.set(containerFlushedKey(event.container_id), "1");
  }

  async #isProven(step: JobType): Promise<boolean> {
    const [event] = this.#told.get(step) ?? [];
    return await this.#bench.redis.exists(containerFlushedKey(event?.container_id ?? "")) === 1;
  }

  /** What must hold at any time: no confirmation without its record, no way back, nothing ordered twice. */
  async #look(): Promise<void> {
    const [early] = await this.#bench.sql`
      SELECT event FROM job_outbox o WHERE stream = 'status' AND NOT EXISTS (
        SELECT 1 FROM job_status_history h WHERE h.event ->> 'status' = o.event ->> 'previous_status'
          AND h.event ->> 'job_type' = o.event ->> 'job_type')`;
    assertEquals(early, undefined, "a confirmation is early");
    const moves = await this.#bench.sql`SELECT current_step FROM job_workflow_events ORDER BY id`;
    const steps = moves.map(({ current_step }) => WORKFLOW_STEPS.indexOf(current_step));
    assert(steps.every((step, index) => step >= (steps[index - 1] ?? 0)), "a workflow event goes backwards");
    assertEquals(new Set(this.made).size, this.made.length, `made twice: ${this.made}`);
    assertEquals(this.faults, []);
  }

  /** Everything that was to become of the job. */
  async check(): Promise<void> {
    const life = lifeWith(this.#plan);
    const { step, status, steps } = await workflowOf(this.#bench.sql, JOB);
    assertEquals([step, status], ["completed", life.verdict]);
    assertEquals(Object.fromEntries(steps.map(({ step, outcome }) => [step, outcome])), life.ends);
    const told = (await entriesOf(this.#bench.redis, "stream:job-workflow:0")).map(({ event }) => event);
    assertEquals(
      told.map((event) => `${event.current_step} ${event.current_step_status} ${event.workflow_status}`),
      life.moves,
    );
    const ran = JOB_TYPES.filter((step) => this.#told.has(step));
    assertEquals(
      ran,
      JOB_TYPES.filter((step) => !["skipped", "not-run", undefined].includes(life.ends[step])),
    );
    // The same one goes out again where the end of a life was told before its beginning (see `recordStatus()`).
    const out = await entriesOf(this.#bench.redis, "stream:job-status:0");
    const confirmed = [...new Set(out.map(({ event }) => event.event_id))].sort();
    const ends = ran.flatMap((step) => this.#told.get(step)?.at(-1) ?? []);
    assertEquals(
      confirmed,
      ends.map((event) => confirmationOf(event)?.event_id).sort(),
      "one confirmation for each end",
    );
    for (const step of JOB_TYPES) {
      assertEquals(await this.#bench.pfcon.client.get(step, JOB), null, `${step} is left over`);
    }
  }
}
