import { assert, assertEquals } from "@std/assert";
import { sleep } from "lib/run/sleep.ts";
import { NO_DOCKER } from "lib/testing/test_containers.ts";
import {
  type ForwarderBench,
  type ForwarderProcess,
  openForwarderBench,
  randomFrom,
  until,
} from "./forwarder_bench.ts";
import { assertLog, assertStates, oneTo, untilEnded } from "./forwarding_truth.ts";

const TTL_MS = 600;
const SETTINGS = {
  FORWARDER_LEASE_TTL_MS: `${TTL_MS}`,
  DOCKER_RECONCILE_SECONDS: "0.5",
  LOG_RELIST_SECONDS: "0.5",
};
const WORKERS = ["event_forwarder", "log_forwarder"] as const;

/** Two replicas of a forwarder, of which one leads. */
class Pair {
  readonly #bench: ForwarderBench;
  readonly #worker: typeof WORKERS[number];
  readonly #replicas: ForwarderProcess[] = [];

  constructor(bench: ForwarderBench, worker: typeof WORKERS[number]) {
    this.#bench = bench;
    this.#worker = worker;
  }

  async fill(): Promise<void> {
    while (this.#replicas.length < 2) this.#replicas.push(await this.#bench.start(this.#worker, SETTINGS));
  }

  /** Takes the leader out of the pair. */
  async takeLeader(): Promise<ForwarderProcess> {
    const key = `chris:${this.#worker.replace("_", "-")}:default:leader`;
    return await until("led", async () => {
      const pid = Number((await this.#bench.redis.get(key))?.split(":").at(-2));
      const index = this.#replicas.findIndex((replica) => replica.pid === pid);
      return index < 0 ? undefined : this.#replicas.splice(index, 1)[0];
    }) as ForwarderProcess;
  }

  /** Stops the leader for longer than its lease, then lets it go on beside its successor. */
  async pauseLeader(): Promise<void> {
    const leader = await this.takeLeader();
    Deno.kill(leader.pid, "SIGSTOP");
    await sleep(2 * TTL_MS);
    Deno.kill(leader.pid, "SIGCONT");
    this.#replicas.push(leader);
  }

  async killLeader(): Promise<void> {
    await (await this.takeLeader()).kill();
    await this.fill();
  }

  async stop(): Promise<number[]> {
    return await Promise.all(this.#replicas.map((replica) => replica.stop()));
  }
}

Deno.test({
  name:
    "G1 G3 replicas whose leader is killed, or paused past its lease, lose, double and disorder nothing under load",
  ignore: NO_DOCKER,
  fn: async () => {
    const seed = Math.floor(Math.random() * 1e9);
    console.log(`seed ${seed}`);
    const random = randomFrom(seed);
    await using bench = await openForwarderBench();
    const pairs = WORKERS.map((worker) => new Pair(bench, worker));
    for (const pair of pairs) await pair.fill();
    const script = "for i in $(seq 0 39); do seq $((i*250+1)) $((i*250+250)); sleep 0.2; done";
    const steady = await Promise.all([1, 2, 3].map((i) => bench.containers.start(`steady${i}`, script)));
    const brief = [];
    for (let faults = 0; faults < 6; faults++) {
      for (let i = 0; i < 3; i++) {
        brief.push(await bench.containers.start(`brief${faults}-${i}`, `seq 1 ${100 * i}; exit ${i}`));
      }
      await sleep(300 * random());
      await Promise.all(pairs.map((pair) => random() < 0.5 ? pair.killLeader() : pair.pauseLeader()));
    }
    const all = [...steady, ...brief];
    await Promise.all(all.map((container) => container.wait()));
    await untilEnded(bench, all.map(({ id }) => id));
    for (const { id } of steady) assertLog(await bench.logs(id), oneTo(10_000));
    for (const [index, { id }] of brief.entries()) assertLog(await bench.logs(id), oneTo(100 * (index % 3)));
    await assertStates(bench, all);
    for (const pair of pairs) assertEquals(await pair.stop(), [0, 0]);
    assert(brief.length === 18);
  },
});
