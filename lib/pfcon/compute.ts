/**
 * What pfcon says about containers and about itself, as far as it is used here.
 *
 * @module
 */
import { z } from "@zod/zod";
import { JobStatus } from "../event/status.ts";

/** State of one container as pfcon reports it. It holds no exit code: only the runtime tells that. */
export const Compute = z.object({
  /** The plain job id, whichever step the container is of. */
  jid: z.string(),
  image: z.string(),
  cmd: z.string(),
  status: JobStatus,
  /** The engine's own word for the state, or `copySkipped`, `uploadSkipped`, `deleteSkipped`. */
  message: z.string(),
  /** Empty, or year 1, if the container never started. */
  timestamp: z.string(),
  /** The last lines only. */
  logs: z.string(),
});
/** State of one container as pfcon reports it. */
export type Compute = z.infer<typeof Compute>;

/**
 * Whether the container never started, and so has neither an end nor a log. While it is being removed, and if its
 * removal fails, pfcon may call it failed all the same (contract, §9).
 */
export function neverStarted({ status, message, timestamp }: Compute): boolean {
  const goes = message === "removing" || message === "dead";
  return status === "notStarted" || (goes && timestamp.startsWith("0001-01-01"));
}

/** Body of every answer about one container. */
export const ComputeAnswer = z.object({ compute: Compute });

/** How the site's pfcon is set up: which steps a workflow needs. */
export const ServerInfo = z.object({
  requires_copy_job: z.boolean(),
  requires_upload_job: z.boolean(),
  pfcon_innetwork: z.boolean(),
  storage_env: z.string(),
  container_env: z.string(),
  server_version: z.string(),
});
/** How the site's pfcon is set up: which steps a workflow needs. */
export type ServerInfo = z.infer<typeof ServerInfo>;

/** Body of a successful login. */
export const TokenAnswer = z.object({ token: z.string().min(1) });
