/**
 * Plays a scenario: replicas of the real consumer over a model of Redis, on a clock that waits for nobody.
 *
 * @module
 */
import { UndecodableEntryError } from "../../event/codec.ts";
import { type Logger, silentLogger } from "../../run/log.ts";
import { sleep } from "../../run/sleep.ts";
import { GroupConsumer } from "../../stream/group_consumer.ts";
import { shardKey, shardOf } from "../../stream/keys.ts";
import { modelConnection } from "../redis_model/model_connection.ts";
import { RedisModel } from "../redis_model/redis_model.ts";
import { VirtualTime } from "../virtual_time.ts";
import { seededRandom } from "./chance.ts";
import { LOAD_MS, type Moment, type PlannedFault, type Scenario } from "./scenario.ts";
import { type StagedEntry, Store } from "./store.ts";
import { pendingOf, type Replica, unshared } from "./rest.ts";
import { unsureLink, type Weather } from "./unsure_link.ts";
import { Witness } from "./witness.ts";

const BASE = "stream";
const GROUP = "group";
const DLQ = "dlq";
/** Settings of the consumers. */
export const SETTINGS = {
  LEASE_TTL_MS: 1_000,
  LEASE_REFRESH_INTERVAL_MS: 300,
  LEASE_ACQUIRE_INTERVAL_MS: 250,
  RECLAIM_MAX_DELIVERIES: 3,
  HANDLER_RETRIES: 1,
};
/** How long after the last fault everything may take to be done (ms). */
const PATIENCE_MS = 600_000;

/** What became of it. */
export interface Played {
  readonly witness: Witness;
  readonly entries: readonly StagedEntry[];
  readonly redis: RedisModel;
  /** Entries that consumers counted as gone from the streams before they could acknowledge them. */
  readonly countedLost: number;
}

/** Plays it to its end: until everything is out and shared evenly, or patience is. */
export async function play(scenario: Scenario): Promise<Played> {
  using _random = seededRandom(scenario.seed);
  using time = new VirtualTime();
  const stage = new Stage(scenario, time);
  return await stage.play();
}

class Stage {
  readonly #scenario: Scenario;
  readonly #time: VirtualTime;
  readonly #redis: RedisModel;
  readonly #witness: Witness;
  readonly #weather: Weather = { awayUntil: 0, refusesUntil: 0, losesUntil: 0, breaks: 0 };
  readonly #entries: StagedEntry[] = [];
  readonly #replicas: Replica[] = [];
  readonly #traps = new Map<string, () => void>();
  readonly #store: Store;
  #started = 0;

  constructor(scenario: Scenario, time: VirtualTime) {
    this.#scenario = scenario;
    this.#time = time;
    this.#redis = new RedisModel(time.now);
    this.#witness = new Witness(this.#redis, DLQ);
    this.#store = new Store(this.#entries, {
      now: time.now,
      failures: SETTINGS.RECLAIM_MAX_DELIVERIES,
      did: (replica, { stream, id }) => this.#witness.did(replica, stream, id),
      at: (replica) => this.#at(replica, "after an effect"),
      die: (replica) => this.#die(replica),
    });
  }

  async play(): Promise<Played> {
    const { replicas, entries, faults } = this.#scenario;
    for (let index = 0; index < replicas; index++) this.#start(index);
    const events = [
      ...entries.map((entry) => ({ at: entry.at, act: () => this.#add(entry) })),
      ...faults.map((fault) => ({ at: fault.at, act: () => this.#break(fault) })),
    ].sort((a, b) => a.at - b.at);
    const start = this.#time.now();
    for (const { at, act } of events) {
      await sleep(start + at - this.#time.now());
      act();
    }
    const end = start + LOAD_MS + Math.max(0, ...faults.map((fault) => fault.ms));
    await sleep(end - this.#time.now());
    while (!this.#isAtRest() && this.#time.now() < end + PATIENCE_MS) await sleep(500);
    if (!this.#isAtRest()) this.#witness.faults.push(`not at rest in the end: ${this.#unrest().join("; ")}`);
    await Promise.all(this.#replicas.map((replica) => replica.stop()));
    return {
      witness: this.#witness,
      entries: this.#entries,
      redis: this.#redis,
      countedLost: this.#countedLost(),
    };
  }

  #add(planned: Scenario["entries"][number]): void {
    const jobId = `job-${planned.job}`;
    const stream = shardKey(BASE, shardOf(jobId, this.#scenario.shards));
    const n = this.#entries.length;
    const data = planned.nature === "poison" ? "!" : `${jobId} ${n}`;
    const id = String(this.#redis.execute("XADD", [stream, "*", "data", data]));
    const entry = { id, stream, job: planned.nature === "poison" ? "" : jobId, n, planned };
    this.#entries.push(entry);
    this.#witness.added(entry);
  }

  #break({ kind, replica: index, ms, moment }: PlannedFault): void {
    const until = this.#time.now() + ms;
    const replica = this.#replicas[index % this.#replicas.length];
    if (kind === "redis away") {
      this.#weather.awayUntil = until;
      this.#weather.breaks++;
    } else if (kind === "redis refuses") this.#weather.refusesUntil = until;
    else if (kind === "answers lost") this.#weather.losesUntil = until;
    else if (kind === "dependency away") this.#store.awayUntil = until;
    else if (kind === "flush") {
      this.#redis.execute("FLUSHALL", []);
      this.#witness.looked("flushed");
    } else if (kind === "trim") {
      for (let shard = 0; shard < this.#scenario.shards; shard++) {
        this.#redis.execute("XTRIM", [shardKey(BASE, shard), "MAXLEN", "1"]);
      }
      this.#witness.looked("trimmed");
    } else if (replica && !replica.isDown && kind === "stop") this.#disturb(kind, replica, ms);
    else if (replica && !replica.isDown && moment === "anywhere") this.#disturb(kind, replica, ms);
    else if (replica) this.#traps.set(`${replica.name} ${moment}`, () => this.#disturb(kind, replica, ms));
  }

  #disturb(kind: "freeze" | "crash" | "stop", replica: Replica, ms: number): void {
    const { name, index } = replica;
    if (kind === "freeze") {
      this.#time.freeze(name);
      sleep(ms).then(() => this.#time.thaw(name));
      return;
    }
    if (replica.isDown) return;
    replica.isDown = true;
    if (kind === "crash") this.#time.kill(name);
    else replica.stop();
    sleep(ms).then(() => this.#start(index));
  }

  /** Springs a trap that was laid for this replica and moment. */
  async #at(name: string, moment: Moment): Promise<void> {
    const trap = this.#traps.get(`${name} ${moment}`);
    if (!trap) return;
    this.#traps.delete(`${name} ${moment}`);
    this.#time.run("director", trap);
    await sleep(0);
  }

  #start(index: number): void {
    const name = `replica-${index}-${this.#started++}`;
    this.#replicas[index] = this.#time.run(name, () => this.#replica(name, index));
  }

  #replica(name: string, index: number): Replica {
    const connection = modelConnection(
      this.#redis,
      () =>
        unsureLink(this.#weather, this.#witness, {
          now: this.#time.now,
          at: (moment) => this.#at(name, moment),
        }),
    );
    const stop = new AbortController();
    const consumer = new GroupConsumer<string>(connection, {
      base: BASE,
      group: GROUP,
      maxlen: 1_000,
      settings: { ...SETTINGS, STREAM_NUM_SHARDS: this.#scenario.shards },
      handler: (entries) => this.#store.handle(name, entries),
      decode,
      jobOf: (event) => event.split(" ")[0] ?? "",
      dlq: { stream: DLQ, maxlen: 10_000 },
      batchSize: this.#scenario.batchSize,
      maxHeld: 3,
      log: this.#logOf(name),
      now: this.#time.now,
      clock: this.#time.now,
    });
    const done = consumer.run(stop.signal);
    const end = () => {
      stop.abort();
      return done;
    };
    return { name, index, consumer, stop: end, isDown: false };
  }

  #die(name: string): void {
    const replica = this.#replicas.find((replica) => replica?.name === name);
    this.#time.kill(name);
    if (!replica || replica.isDown) return;
    replica.isDown = true;
    this.#time.run("director", () => sleep(500).then(() => this.#start(replica.index)));
  }

  #logOf(name: string): Logger {
    return {
      ...silentLogger,
      info: (fields: { shard?: number; epoch?: number }, message?: string) => {
        if (message === "acquired shard") this.#witness.owns(name, fields.shard ?? -1, fields.epoch ?? -1);
      },
    } as unknown as Logger;
  }

  #countedLost(): number {
    const keys = this.#redis.execute("KEYS", ["chris:trimmed:*"]) as string[];
    return keys.reduce((sum, key) => sum + Number(this.#redis.execute("GET", [key])), 0);
  }

  #isAtRest(): boolean {
    return this.#unrest().length === 0;
  }

  #unrest(): string[] {
    return [
      ...this.#witness.open.map((entry) => `${entry} is open`),
      ...this.#unshared(),
      ...this.#pending(),
    ];
  }

  #unshared(): string[] {
    const { shards, replicas } = this.#scenario;
    return unshared(this.#replicas, { shards, replicas });
  }

  #pending(): string[] {
    return Array.from({ length: this.#scenario.shards }, (_, shard) => shardKey(BASE, shard))
      .flatMap((stream) => pendingOf(this.#redis, stream, GROUP));
  }
}

function decode(data: string): string {
  if (data === "!") throw new UndecodableEntryError("Cannot decode entry: it is an exclamation mark");
  return data;
}
