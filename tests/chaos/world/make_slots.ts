/**
 * The places of all workers, with a gate before everything that each reaches.
 *
 * @module
 */
import type { WorkerName } from "lib/run/permissions.ts";
import type { DemoAddresses } from "../../../deploy/dev/demo/worker_settings.ts";
import type { Random } from "../random.ts";
import type { Dependency, WorkerGate } from "./attackable_world.ts";
import { type EngineGate, engineGate } from "./engine_gate.ts";
import { tcpGate } from "./gate.ts";
import { chaosSettings } from "./settings.ts";
import { WorkerSlot } from "./worker_slot.ts";

/** What the places are made of. */
export interface SlotsOptions {
  /** Where everything is, by way of no gate. */
  readonly addresses: Omit<DemoAddresses, "uiPort">;
  /** Ports on 127.0.0.1 of what is behind the gates. */
  readonly targets: Readonly<Record<Dependency, number>>;
  /** Path of the engine's socket. */
  readonly socket: string;
  /** The engine's folder of log files, which one of the log forwarders reads; null if it cannot be read here. */
  readonly engineLogs: string | null;
  /** A port for each SSE service. */
  readonly uiPorts: readonly number[];
  /** A folder with `logs` and `sockets`. */
  readonly dir: string;
  readonly random: Random;
}

/** Places with their gates. */
export interface Slots {
  readonly slots: readonly WorkerSlot[];
  readonly gates: readonly WorkerGate[];
  readonly engineGates: readonly EngineGate[];
}

/** Replicas of each worker but the SSE service. */
const REPLICAS = 2;

/** What each worker reaches; the engine comes on top for the forwarders. */
const REACHES: Record<WorkerName, readonly Dependency[]> = {
  event_forwarder: ["redis"],
  log_forwarder: ["redis"],
  status_consumer: ["redis"],
  log_consumer: ["redis", "log store"],
  task_worker: ["redis", "postgres", "pfcon"],
  sse_service: ["redis", "log store"],
};

/** Makes the places; the gates go onto `stack` and are open at once, no worker is started. */
export async function makeSlots(stack: AsyncDisposableStack, options: SlotsOptions): Promise<Slots> {
  const slots: WorkerSlot[] = [];
  const gates: WorkerGate[] = [];
  const engineGates: EngineGate[] = [];
  for (const worker of Object.keys(REACHES) as WorkerName[]) {
    const count = worker === "sse_service" ? options.uiPorts.length : REPLICAS;
    for (let replica = 0; replica < count; replica++) {
      const name = `${worker}-${replica + 1}`;
      const own = REACHES[worker].map((dependency) => {
        const { gate, port } = tcpGate(`${dependency} of ${name}`, options.targets[dependency]);
        return { worker, dependency, gate: stack.use(gate), port };
      });
      gates.push(...own);
      const engine = worker === "event_forwarder" || worker === "log_forwarder"
        ? gateToEngine(name, options)
        : null;
      if (engine) {
        stack.use(engine.gate);
        engineGates.push(engine);
      }
      const ports = new Map(own.map(({ dependency, port }) => [dependency, port]));
      const settings = settingsOf(worker, options, ports, engine, options.uiPorts[replica] ?? 0);
      // Who takes over reads the same logs in the other way.
      const isOfFiles = worker === "log_forwarder" && replica === 1 && options.engineLogs !== null;
      const all = isOfFiles ? { ...settings, DOCKER_LOG_DIR: options.engineLogs } : settings;
      slots.push(await WorkerSlot.make(name, worker, all, `${options.dir}/logs`));
    }
  }
  return { slots, gates, engineGates };
}

function gateToEngine(name: string, { dir, socket, random }: SlotsOptions): EngineGate {
  return engineGate(`engine of ${name}`, `${dir}/sockets/${name}`, socket, random.fork(`engine of ${name}`));
}

/** The settings of a worker that goes through its own gates. */
function settingsOf(
  worker: WorkerName,
  { addresses, targets }: SlotsOptions,
  ports: ReadonlyMap<Dependency, number>,
  engine: EngineGate | null,
  uiPort: number,
): Record<string, string> {
  const through = (address: string, dependency: Dependency) =>
    address.replace(`:${targets[dependency]}`, `:${ports.get(dependency) ?? targets[dependency]}`);
  return chaosSettings(worker, {
    ...addresses,
    redis: through(addresses.redis, "redis"),
    postgres: through(addresses.postgres, ports.has("postgres") ? "postgres" : "log store"),
    docker: engine ? `unix://${engine.path}` : addresses.docker,
    pfcon: { ...addresses.pfcon, url: through(addresses.pfcon.url, "pfcon") },
    uiPort,
  });
}
