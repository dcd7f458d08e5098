/**
 * Where the task queue is.
 *
 * @module
 */
import { address } from "../run/config.ts";

/** Spread into the `Config` of every worker that puts or does tasks. */
export const brokerSettings = {
  TASK_BROKER_URL: address("redis", "rediss", "redis+sentinel", "rediss+sentinel").optional().describe(
    "Redis of the task queue; not set: `CELERY_BROKER_URL`, else `REDIS_URL`.",
  ),
  CELERY_BROKER_URL: address("redis", "rediss", "redis+sentinel", "rediss+sentinel").optional().describe(
    "The reference's name for `TASK_BROKER_URL`, still read.",
  ),
};

/** The address that counts. */
export function brokerUrl(
  config: { TASK_BROKER_URL?: string | undefined; CELERY_BROKER_URL?: string | undefined; REDIS_URL: string },
): string {
  return config.TASK_BROKER_URL ?? config.CELERY_BROKER_URL ?? config.REDIS_URL;
}
