/**
 * The settings of the workers under attack: all patience is short, so that faults outlast it within seconds.
 *
 * @module
 */
import type { WorkerName } from "lib/run/permissions.ts";
import { type DemoAddresses, workerSettings } from "../../../deploy/dev/demo/worker_settings.ts";

/** Shards of each stream. */
export const SHARDS = 4;

/** A lease lasts so long (ms): a pause that is to outlast it must be longer. */
export const LEASE_MS = 3_000;

/** A worker that is asked to stop must have ended after so long (s). */
export const GRACE_SECONDS = 8;

/** Names of the settings that exist are promises (CONTRIBUTING.md), so these are plain text. */
const SHORT: Record<WorkerName, Record<string, string>> = {
  event_forwarder: { FORWARDER_LEASE_TTL_MS: String(LEASE_MS), DOCKER_RECONCILE_SECONDS: "5" },
  log_forwarder: {
    FORWARDER_LEASE_TTL_MS: String(LEASE_MS),
    LOG_RELIST_SECONDS: "5",
    LOG_SILENCE_SECONDS: "3",
  },
  status_consumer: {
    LEASE_TTL_MS: String(LEASE_MS),
    LEASE_REFRESH_INTERVAL_MS: "700",
    LEASE_ACQUIRE_INTERVAL_MS: "300",
  },
  log_consumer: {
    LEASE_TTL_MS: String(LEASE_MS),
    LEASE_REFRESH_INTERVAL_MS: "700",
    LEASE_ACQUIRE_INTERVAL_MS: "300",
  },
  task_worker: {
    PFCON_TIMEOUT_SECONDS: "3",
    PFCON_SCHEDULE_TIMEOUT_SECONDS: "15",
    SWEEP_INTERVAL_SECONDS: "2",
    SILENT_STEP_SECONDS: "5",
  },
  sse_service: {},
};

/** The settings of one worker. Pure. */
export function chaosSettings(worker: WorkerName, addresses: DemoAddresses): Record<string, string> {
  return {
    ...workerSettings(worker, addresses),
    STREAM_NUM_SHARDS: String(SHARDS),
    SHUTDOWN_GRACE_SECONDS: String(GRACE_SECONDS),
    ...SHORT[worker],
  };
}
