import type { PostgresServer } from "../../../deploy/dev/services/postgres.ts";
import type { RedisServer } from "../../../deploy/dev/services/redis.ts";
import type { InjectedEntry, PfconCall, WorkerStop } from "../world.ts";
import type { AttackableWorld, WorkerGate } from "./attackable_world.ts";
import type { EngineGate } from "./engine_gate.ts";
import type { PfconProxy } from "./pfcon_proxy.ts";
import { SHARDS } from "./settings.ts";
import { startAgain } from "./start_again.ts";
import type { WorkerPool } from "./worker_pool.ts";

/** The handles of a world. */
type Parts = Pick<AttackableWorld, "redis" | "postgres" | "pool" | "gates" | "engineGates" | "pfcon">;

/** What else a world is made of. */
interface Facts {
  readonly url: string;
  readonly urls: readonly string[];
  readonly dockerHost: string;
  readonly label: string;
  readonly image: string;
  readonly logDir: string;
  readonly keepLogs: () => void;
  /** Ends all of it. */
  readonly end: () => Promise<void>;
}

/** A world that has been started. */
export class RunningWorld implements AttackableWorld {
  readonly redis: RedisServer;
  readonly postgres: PostgresServer;
  readonly pool: WorkerPool;
  readonly gates: readonly WorkerGate[];
  readonly engineGates: readonly EngineGate[];
  readonly pfcon: PfconProxy;
  readonly url: string;
  readonly urls: readonly string[];
  readonly dockerHost: string;
  readonly label: string;
  readonly image: string;
  readonly logDir: string;
  readonly shards = SHARDS;
  readonly injected: InjectedEntry[] = [];
  readonly keepLogs: () => void;
  readonly #end: () => Promise<void>;
  readonly #injectedIds = new Set<string>();
  #generation = 0;
  #healedAt: number | null = null;

  constructor(parts: Parts, facts: Facts) {
    this.redis = parts.redis;
    this.postgres = parts.postgres;
    this.pool = parts.pool;
    this.gates = parts.gates;
    this.engineGates = parts.engineGates;
    this.pfcon = parts.pfcon;
    this.url = facts.url;
    this.urls = facts.urls;
    this.dockerHost = facts.dockerHost;
    this.label = facts.label;
    this.image = facts.image;
    this.logDir = facts.logDir;
    this.keepLogs = facts.keepLogs;
    this.#end = facts.end;
  }

  get redisUrl(): string {
    return this.redis.url;
  }

  get postgresUrl(): string {
    return this.postgres.dsn;
  }

  get redisGeneration(): number {
    return this.#generation;
  }

  get healedAt(): number | null {
    return this.#healedAt;
  }

  get stops(): readonly WorkerStop[] {
    return this.pool.stops;
  }

  get pfconCalls(): readonly PfconCall[] {
    return this.pfcon.calls;
  }

  wasInjected(stream: string, id: string): boolean {
    return this.#injectedIds.has(`${stream} ${id}`);
  }

  beforeRemoval(look: (containerName: string) => Promise<void>): void {
    this.pfcon.looks.push(look);
  }

  redisLost(): void {
    this.#generation++;
  }

  announceInjected(stream: string, id: string): void {
    this.#injectedIds.add(`${stream} ${id}`);
  }

  noteInjected(entry: InjectedEntry): void {
    this.injected.push(entry);
  }

  async heal(signal: AbortSignal): Promise<void> {
    this.pfcon.trouble(null);
    for (const engine of this.engineGates) engine.distort(null);
    await Promise.all([
      ...this.gates.map(({ gate }) => gate.set("pass")),
      ...this.engineGates.map(({ gate }) => gate.set("pass")),
      startAgain(this.redis),
      startAgain(this.postgres),
    ]);
    this.pool.release();
    await this.pool.ready(signal);
    this.#healedAt = Date.now();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#end();
  }
}
