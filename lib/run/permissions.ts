/**
 * What each worker may do on its machine: the flags its process is started with. A worker reaches the hosts it
 * is configured for, listens where it is told to, reads its own settings, and nothing else.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { hostsOf, redisHosts } from "./net_hosts.ts";

/** What a program may need of the world outside, in groups that belong together. */
export type Need =
  | "runtime"
  | "redis"
  | "broker"
  | "postgres"
  | "log store"
  | "pfcon"
  | "token issuer"
  | "web"
  | "listen";

const NEEDS = {
  event_forwarder: ["runtime", "redis"],
  log_forwarder: ["runtime", "redis"],
  status_consumer: ["redis", "broker"],
  log_consumer: ["redis", "log store"],
  task_worker: ["redis", "broker", "postgres", "pfcon"],
  sse_service: ["redis", "broker", "postgres", "log store", "token issuer", "web", "listen"],
} as const satisfies Record<string, readonly Need[]>;

/** The workers there are, by the names of their folders. */
export type WorkerName = keyof typeof NEEDS;

/** The workers there are, in the order in which an event meets them. */
export const WORKER_NAMES = Object.keys(NEEDS) as WorkerName[];

/** The settings of a worker by name, read or not yet read; undefined where not set. */
export type Settings = Readonly<Record<string, unknown>>;

/**
 * The flags of `deno run` for a worker. `settings` has every setting the worker knows, defaults filled in:
 * their names are also the only environment variables it can see. (Others look unset to it rather than making
 * it fail: the libraries we use ask for variables of their own on import, `debug` even for the list of all.)
 *
 * @throws {RangeError} if an address in the settings cannot be read.
 */
export function permissionFlags(worker: WorkerName, settings: Settings): string[] {
  return flagsOf(NEEDS[worker], settings);
}

/**
 * The same for a command that operators run, which has the needs of no worker.
 *
 * @throws {RangeError} as {@link permissionFlags} does.
 */
export function flagsOf(needs: readonly Need[], settings: Settings): string[] {
  const grants = [HOSTNAME, health(settings), ...needs.map((need) => GRANTS[need](settings))];
  const all = (kind: keyof Grant) => [...new Set(grants.flatMap((grant) => grant[kind] ?? []))];
  return [
    "--ignore-env",
    flag("env", Object.keys(settings)),
    flag("sys", all("sys")),
    flag("net", all("net")),
    flag("read", all("read")),
    flag("write", all("write")),
  ].flat();
}

/** What one need is answered with. */
interface Grant {
  readonly net?: readonly string[];
  readonly read?: readonly string[];
  readonly write?: readonly string[];
  readonly sys?: readonly string[];
}

/** pino asks for the host's name on import; leases carry it, so that people see who holds them. */
const HOSTNAME: Grant = { sys: ["hostname"] };

const GRANTS: Record<Need, (settings: Settings) => Grant> = {
  "runtime": runtime,
  "redis": (settings) => ({
    net: redisHosts(text(settings, "REDIS_URL"), text(settings, "SENTINEL_MASTER_HOSTS")),
  }),
  "broker": (settings) => ({
    net: ["TASK_BROKER_URL", "CELERY_BROKER_URL"].flatMap((name) =>
      redisHosts(text(settings, name), text(settings, "SENTINEL_MASTER_HOSTS"))
    ),
  }),
  "postgres": (settings) => ({ net: hostsOf(text(settings, "DB_DSN"), 5432) }),
  "log store": (settings) =>
    text(settings, "LOG_STORE") === "quickwit"
      ? { net: hostsOf(text(settings, "QUICKWIT_URL"), 80) }
      : { net: hostsOf(text(settings, "DB_DSN"), 5432) },
  "pfcon": (settings) => ({ net: hostsOf(text(settings, "PFCON_URL"), 80) }),
  "token issuer": (settings) => ({ net: hostsOf(text(settings, "AUTH_JWKS_URL"), 80) }),
  "web": () => ({ read: [fileURLToPath(new URL("../../web", import.meta.url))] }),
  "listen": (settings) => ({ net: [listening(text(settings, "HOST"), text(settings, "PORT"))] }),
};

/** The container engine's socket or address, and its folder of logs. */
function runtime(settings: Settings): Grant {
  const logs = text(settings, "DOCKER_LOG_DIR");
  const address = text(settings, "DOCKER_HOST") || "unix:///var/run/docker.sock";
  const socket = /^unix:\/\/(.+)$/.exec(address)?.[1];
  // Deno counts connecting to a unix socket as reading and writing its file.
  if (socket) return { net: [`unix:${socket}`], read: [socket, logs].filter(Boolean), write: [socket] };
  return { net: hostsOf(address, 2375), read: [logs].filter(Boolean) };
}

function health(settings: Settings): Grant {
  const port = text(settings, "HEALTH_PORT");
  return port ? { net: [listening(text(settings, "HEALTH_HOST"), port)] } : {};
}

function listening(host: string, port: string): string {
  return `${bracketed(host || "127.0.0.1")}:${port}`;
}

/** An IPv6 address needs brackets before a port. */
function bracketed(host: string): string {
  return host.includes(":") && !host.startsWith("[") ? `[${host}]` : host;
}

function text(settings: Settings, name: string): string {
  return String(settings[name] ?? "");
}

/** One flag, or none where there is nothing to allow (without a list it would allow everything). */
function flag(kind: string, values: readonly string[]): string[] {
  // A comma inside a value is written twice.
  return values.length > 0
    ? [`--allow-${kind}=${values.map((value) => value.replaceAll(",", ",,")).join(",")}`]
    : [];
}
