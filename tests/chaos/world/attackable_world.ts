import type { WorkerName } from "lib/run/permissions.ts";
import type { PostgresServer } from "../../../deploy/dev/services/postgres.ts";
import type { RedisServer } from "../../../deploy/dev/services/redis.ts";
import type { InjectedEntry, World } from "../world.ts";
import type { EngineGate } from "./engine_gate.ts";
import type { Gate } from "./gate.ts";
import type { PfconProxy } from "./pfcon_proxy.ts";
import type { WorkerPool } from "./worker_pool.ts";

/** What a worker reaches over the network. The log store is a part of Postgres that other workers use. */
export type Dependency = "redis" | "postgres" | "log store" | "pfcon";

/** The gate between one worker and one dependency. */
export interface WorkerGate {
  readonly worker: WorkerName;
  readonly dependency: Dependency;
  readonly gate: Gate;
}

/** The world as faults see it: with all its handles. */
export interface AttackableWorld extends World {
  readonly redis: RedisServer;
  readonly postgres: PostgresServer;
  readonly pool: WorkerPool;
  readonly gates: readonly WorkerGate[];
  /** One for each replica of each forwarder. */
  readonly engineGates: readonly EngineGate[];
  readonly pfcon: PfconProxy;
  /** To be called when Redis lost everything, or may have lost its newest entries. */
  redisLost(): void;
  /** To be called before the harness adds an entry to a stream: observers may read it at once. */
  announceInjected(stream: string, id: string): void;
  /** To be called when it is there. */
  noteInjected(entry: InjectedEntry): void;
}
