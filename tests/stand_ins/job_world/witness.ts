/**
 * Judges what a client was told by what is true of its job.
 *
 * @module
 */
import type { JobWorld } from "./job_world.ts";
import type { Told, Viewer } from "./viewer.ts";

const KINDS = ["status", "logs", "workflow"];

/** Watches one client. */
export class Witness {
  readonly faults: string[] = [];
  readonly #world: JobWorld;
  readonly #viewer: Viewer;
  readonly #told = new Set<unknown>();
  /** Of each container, the place of the last event of its log; of the job, of its workflow. */
  readonly #places = new Map<unknown, number>();
  /** How many events each container's log had when the client, which wants the last ones only, was told the first thing. */
  #before: ReadonlyMap<string, number> | null = null;
  /** Lines that were stored when it came first. */
  readonly #stored: number;
  #ends = 0;

  constructor(world: JobWorld, viewer: Viewer) {
    this.#world = world;
    this.#viewer = viewer;
    this.#stored =
      this.#own.flatMap(({ log }) => log).filter(({ event_id, eos }) => !eos && world.logStore.has(event_id))
        .length;
  }

  /** The client was told this, last. */
  saw(told: Told): void {
    const { kind, data } = told;
    this.#before ??= new Map(this.#own.map(({ id, log }) => [id, log.length]));
    const before = this.#viewer.told.at(-2);
    if (before?.kind === "end" && before.connection === told.connection) {
      this.#blame("was told after the end", told);
    }
    if (kind === "caught-up") this.#sawCaughtUp(told);
    else if (kind === "end") this.#sawEnd(told);
    else if (!this.#kinds.includes(kind)) this.#blame("was told", told);
    else if (this.#told.has(data.event_id)) this.#blame("was told again", told);
    else this.#sawPlace(told);
    this.#told.add(data.event_id);
  }

  /** What is still to be told, in the end. */
  get missing(): string[] {
    const { told, isDone, request: { tail } } = this.#viewer;
    const names = this.#kinds.flatMap((kind) => this.#due(kind)).filter(({ id }) => !this.#told.has(id))
      .map(({ name }) => name);
    const lines = told.filter(({ kind, data }) => kind === "logs" && data.eos !== true).length;
    // A line that was lost while it was being stored counts twice for a while.
    const isSure = this.#kinds.includes("logs") && this.#world.losses === 0;
    if (isSure && tail !== null && lines < Math.min(tail, this.#stored)) names.push(`one of ${tail} lines`);
    if (this.#attempts.running === 0 && !(isDone && told.at(-1)?.kind === "end")) names.push("end");
    return names;
  }

  get #kinds(): readonly string[] {
    const { kind } = this.#viewer.request;
    return kind === "all" ? KINDS : [kind];
  }

  get #own() {
    return this.#world.containers.filter(({ jobId }) => jobId === this.#viewer.request.jobId);
  }

  get #rows() {
    return this.#world.postgres.outbox.filter(({ jobId }) => jobId === this.#viewer.request.jobId);
  }

  /** How many attempts at the job are over, and how many are not. */
  get #attempts(): { over: number; running: number } {
    const over =
      this.#rows.filter(({ event }) => "current_step" in event && event.current_step === "completed").length;
    const attempt = this.#world.postgres.flows.get(this.#viewer.request.jobId)?.attempt ?? 0;
    return { over, running: attempt - over };
  }

  #sawCaughtUp(told: Told): void {
    const all = this.#viewer.told;
    if (all.some((one) => one !== told && one.kind === "caught-up" && one.connection === told.connection)) {
      this.#blame("was told twice", told);
    }
  }

  #sawEnd(told: Told): void {
    const missing = this.#kinds.flatMap((kind) => this.#due(kind)).filter(({ id, attempt }) =>
      attempt <= this.#ends + 1 && !this.#told.has(id)
    );
    if (++this.#ends > this.#attempts.over) this.#blame("was told early", told);
    if (missing.length > 0) this.#blame(`was told before ${missing.map(({ name }) => name)}`, told);
  }

  /** Lines of a container have an order; workflow and states, too, unless some were lost and told again. */
  #sawPlace(told: Told): void {
    const { kind, data } = told;
    const line = kind === "workflow" ? kind : `${kind} ${data.container_id}`;
    const place = this.#due(kind, true).findIndex(({ id }) => id === data.event_id);
    if (place < 0) this.#blame("was told, and is not true", told);
    const last = this.#places.get(line);
    if (kind !== "logs" && this.#world.losses > 0) return;
    if (last !== undefined && place < last) this.#blame("was told late", told);
    if (kind === "logs" && last !== undefined && place > last + 1) this.#blame("was told too early", told);
    this.#places.set(line, place);
  }

  /** What it is to be told of a kind, in order; `all`: also what came before the last lines that it wants. */
  #due(kind: string, all = false): { id: string; attempt: number; name: string }[] {
    const { tail } = this.#viewer.request;
    if (kind === "logs") {
      return this.#own.flatMap(({ id, log, attempt }) =>
        log.slice(tail === null || all ? 0 : this.#before?.get(id)).map((event) => ({
          id: event.event_id,
          attempt,
          name: `${event.job_type} ${attempt} ${event.eos ? "end" : "line"} ${event.seq}`,
        }))
      );
    }
    const sent = this.#rows.filter(({ stream }) => stream === kind).map(({ event }) => {
      if ("current_step" in event) {
        const { event_id: id, attempt = 1, current_step, current_step_status } = event;
        return { id, attempt, name: `${current_step} ${current_step_status} ${attempt}` };
      }
      const attempt = this.#own.find(({ id }) => id === event.container_id)?.attempt ?? 0;
      return { id: event.event_id, attempt, name: `${event.job_type} ${event.status} ${attempt}` };
    });
    if (kind === "workflow") return sent;
    const states = this.#own.flatMap(({ life, attempt }) =>
      life.map((event) => ({
        id: event.event_id,
        attempt,
        name: `${event.job_type} ${event.status} ${attempt}`,
      }))
    );
    return [...states, ...sent];
  }

  #blame(fault: string, { kind, data, id, connection }: Told): void {
    const { job_type = "", seq = "", status = "", current_step = "", current_step_status = "", from = "" } =
      data;
    const what = [kind, job_type, seq, status, current_step, current_step_status, from].filter((text) =>
      text !== ""
    );
    this.faults.push(`${what.join(" ")} ${fault} (connection ${connection}, ${id})`);
  }
}
