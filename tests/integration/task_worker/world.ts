/**
 * One job in a world that goes by a plan, worked on by the real code and disturbed as a test wishes.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { JOB_TYPES, type JobType } from "lib/event/status.ts";
import type { WorkflowStep } from "lib/event/workflow.ts";
import { containerFlushedKey } from "lib/log_store/flushed_keys.ts";
import { json } from "lib/testing/strict_pfcon.ts";
import { silentLogger as log } from "lib/run/log.ts";
import { BEGINNING } from "lib/testing/workflow_model.ts";
import { cancel } from "../../../workers/sse_service/control/cancel.ts";
import { retry } from "../../../workers/sse_service/control/retry.ts";
import type { Order } from "../../../workers/task_worker/apply_fact.ts";
import { cleanUp, CleanupHeldError } from "../../../workers/task_worker/clean_up.ts";
import { confirmationOf, recordStatus } from "../../../workers/task_worker/record_status.ts";
import { Relay } from "../../../workers/task_worker/relay.ts";
import { runStep } from "../../../workers/task_worker/run_step.ts";
import { StopHeldError } from "../../../workers/task_worker/stop_step.ts";
import { Sweep } from "../../../workers/task_worker/sweep.ts";
import { type Bench, entriesOf, lifeOf, NOW, STOP, stored, workflowOf } from "./bench.ts";
import { FaultPoints, untilCrash } from "./fault_points.ts";
import type { Container, Happening, Plan } from "./happening.ts";
import { livesOf } from "./lives_of.ts";
import { assertSoundRecord } from "./sound_record.ts";
import { skipped } from "./pfcon_bench.ts";

/** The job of a world. */
export const JOB = "trial-1";

const RELAY = {
  numShards: 1,
  status: { base: "stream:job-status", maxlen: 10_000 },
  workflow: { base: "stream:job-workflow", maxlen: 10_000 },
  pollMs: 1_000,
  log,
};

/** See the module's description. */
export class World {
  readonly made: Container[] = [];
  readonly faults: string[] = [];
  readonly #bench: Bench;
  readonly #plan: Plan;
  #pfconFails = false;
  #attempt = 1;
  /** By attempt, the step at which the workflow stood when it was cancelled. */
  readonly #cancelledAt = new Map<number, WorkflowStep>();

  constructor(bench: Bench, plan: Plan) {
    this.#bench = bench;
    this.#plan = plan;
    const { pfcon } = bench;
    pfcon.onMade = (step) => {
      const ending = plan[step];
      const container = this.made.length + 1;
      const end = ending === "finishedWithError" || ending === "undefined" ? ending : "finishedSuccessfully";
      const events = lifeOf(JOB, step, end, { at: container * 10, container });
      this.made.push({ attempt: this.#attempt, step, events });
      if (ending !== "undefined") pfcon.setState(step, JOB, ending as "finishedSuccessfully");
    };
    pfcon.interfere = async (call, pass) => {
      const [method, name] = call.split(" ");
      const step = name as JobType;
      if (method === "DELETE") await this.#judgeDelete(step);
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

  /** Only the step that is cancelled may go before its log is proven, and only if it would go on running. */
  async #judgeDelete(step: JobType): Promise<void> {
    const stopped = this.#cancelledAt.get(this.#attempt) === step && this.#plan[step] === "undefined";
    const container = this.#newest(step);
    if (stopped || !container || container.attempt < this.#attempt) return;
    if (!await this.#isProven(container)) this.faults.push(`${step} was deleted before its log was proven`);
  }

  #newest(step: JobType): Container | undefined {
    return this.made.findLast((container) => container.step === step);
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
      stop: STOP,
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
      if (kind === "tell") { for (const one of this.#of(step)) await this.#tell(one, state, points); }
      if (kind === "cancel" || kind === "retry") await this.#ask(kind, points);
      if (kind === "relay") {
        await new Relay(points.sql(this.#bench.sql), points.redis(this.#bench.redis), RELAY).runOnce();
      }
      if (kind === "sweep") await this.#sweep(points);
    });
    if (kind === "cancel") await this.#noteCancel();
    if (kind === "retry") this.#attempt = (await workflowOf(this.#bench.sql, JOB)).attempt;
    await this.#look();
  }

  /** Lets what must happen at last happen, as workers do it that nobody disturbs. */
  async settle(): Promise<void> {
    this.#pfconFails = false;
    const none = new FaultPoints();
    for (let rounds = 0; rounds < 12; rounds++) {
      await this.#sweep(none);
      for (const one of this.made) for (const state of [0, 1, 2]) await this.#tell(one, state, none);
      for (const step of JOB_TYPES) await this.#prove(step);
      await this.#look();
    }
    await new Relay(this.#bench.sql, this.#bench.redis, RELAY).runOnce();
  }

  async #carryOut(order: Order | null, points: FaultPoints): Promise<void> {
    const context = this.#context(points);
    try {
      if (order && order.kind !== "cleanUp") await runStep(context, order, points.signal);
      if (order?.kind === "cleanUp") await cleanUp(context, JOB, points.signal);
    } catch (error) {
      // The queue would try again.
      const isHeld = error instanceof CleanupHeldError || error instanceof StopHeldError;
      if (!points.crash && !isHeld && !/pfcon/.test(String(error))) throw error;
    }
  }

  #made(): string[] {
    return this.made.map(({ attempt, step }) => `${attempt} ${step}`);
  }

  #of(step: JobType): Container[] {
    return this.made.filter((container) => container.step === step);
  }

  async #tell({ events }: Container, state: number, points: FaultPoints): Promise<void> {
    const event = events[state];
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

  /** As the API does, which then has the order carried out. */
  async #ask(kind: "cancel" | "retry", points: FaultPoints): Promise<void> {
    const asked = { by: "alice", reason: null, now: NOW };
    const answer = kind === "cancel"
      ? await cancel(points.sql(this.#bench.sql), JOB, asked)
      : await retry(points.sql(this.#bench.sql), JOB, { ...asked, after: null });
    if (answer.kind !== "accepted") return;
    if (kind === "cancel") await this.#noteCancel();
    else this.#attempt = answer.attempt;
    await this.#carryOut(answer.order, points);
  }

  /** The request may have been committed although whoever made it died. */
  async #noteCancel(): Promise<void> {
    const { step, attempt, cancelledAt } = await workflowOf(this.#bench.sql, JOB);
    if (cancelledAt && !this.#cancelledAt.has(attempt)) this.#cancelledAt.set(attempt, step);
  }

  async #prove(step: JobType): Promise<void> {
    for (const { events } of this.#of(step)) {
      await this.#bench.redis.set(containerFlushedKey(events[0]?.container_id ?? ""), "1");
    }
  }

  async #isProven({ events }: Container): Promise<boolean> {
    return await this.#bench.redis.exists(containerFlushedKey(events[0]?.container_id ?? "")) === 1;
  }

  /** What must hold at any time: a sound record, nothing ordered twice. */
  async #look(): Promise<void> {
    await assertSoundRecord(this.#bench.sql);
    const made = this.#made();
    assertEquals(new Set(made).size, made.length, `made twice: ${made}`);
    assertEquals(this.faults, []);
  }

  /** Everything that was to become of the job. */
  async check(): Promise<void> {
    const lives = livesOf(this.#plan, {
      attempts: this.#attempt,
      made: this.made,
      cancelledAt: this.#cancelledAt,
    });
    const life = lives.at(-1) ?? BEGINNING;
    const { step, status, steps } = await workflowOf(this.#bench.sql, JOB);
    assertEquals([step, status], ["completed", life.verdict]);
    assertEquals(Object.fromEntries(steps.map(({ step, outcome }) => [step, outcome])), life.ends);
    const told = (await entriesOf(this.#bench.redis, "stream:job-workflow:0")).map(({ event }) => event);
    assertEquals(
      told.map((event) => `${event.current_step} ${event.current_step_status} ${event.workflow_status}`),
      life.moves,
    );
    assertEquals(
      this.#made(),
      lives.flatMap(({ ends, attempt }) =>
        JOB_TYPES.filter((step) => !["skipped", "not-run", undefined].includes(ends[step]))
          .map((step) => `${attempt} ${step}`)
      ),
    );
    // The same one goes out again where the end of a life was told before its beginning (see `recordStatus()`).
    const out = await entriesOf(this.#bench.redis, "stream:job-status:0");
    const confirmed = [...new Set(out.map(({ event }) => event.event_id))].sort();
    const ends = this.made.flatMap(({ events }) => events.at(-1) ?? []);
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
