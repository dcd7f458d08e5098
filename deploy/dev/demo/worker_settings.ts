import type { WorkerName } from "lib/run/permissions.ts";
import { sampleSettings } from "./sample.ts";

/** Where everything is that the workers of one demo use. */
export interface DemoAddresses {
  readonly redis: string;
  readonly postgres: string;
  readonly docker: string;
  /** `key=value`: the label of this demo's containers. */
  readonly label: string;
  readonly pfcon: { readonly url: string; readonly user: string; readonly password: string };
  /** Image of the sample. */
  readonly image: string;
  /** Port of the web page and API. */
  readonly uiPort: number;
}

/** The settings of one worker in the demo, which win over those of the environment. Pure. */
export function workerSettings(worker: WorkerName, demo: DemoAddresses): Record<string, string> {
  const [filter = "", value = ""] = demo.label.split("=");
  const everywhere = {
    REDIS_URL: demo.redis,
    TASK_BROKER_URL: "",
    CELERY_BROKER_URL: "",
    HEALTH_HOST: "127.0.0.1",
    SHUTDOWN_GRACE_SECONDS: "8",
  };
  const runtime = {
    COMPUTE_ENV: "docker",
    DOCKER_HOST: demo.docker,
    DOCKER_LABEL_FILTER: filter,
    DOCKER_LABEL_VALUE: value,
  };
  // Shards are looked for often, so that they are all owned soon after the start.
  const consumer = { LEASE_ACQUIRE_INTERVAL_MS: "250" };
  const logStore = { LOG_STORE: "postgres", DB_DSN: demo.postgres };
  const own: Record<WorkerName, Record<string, string>> = {
    event_forwarder: runtime,
    log_forwarder: runtime,
    status_consumer: consumer,
    log_consumer: { ...consumer, ...logStore },
    task_worker: {
      DB_DSN: demo.postgres,
      PFCON_URL: demo.pfcon.url,
      PFCON_USER: demo.pfcon.user,
      PFCON_PASSWORD: demo.pfcon.password,
    },
    sse_service: {
      ...logStore,
      ...sampleSettings(demo.image),
      HOST: "127.0.0.1",
      PORT: String(demo.uiPort),
      AUTH_MODE: "none",
    },
  };
  return { ...everywhere, ...own[worker] };
}
