import { z } from "@zod/zod";
import { address, decimal, int } from "lib/run/config.ts";
import { processSettings } from "lib/run/process_settings.ts";
import { streamSettings } from "lib/run/stream_settings.ts";
import { redisFaults } from "lib/stream/redis_address.ts";
import { brokerSettings } from "lib/task/broker_settings.ts";

/** Settings of the task worker. */
export const Config = z.object({
  ...processSettings,
  ...streamSettings,
  ...brokerSettings,
  DB_DSN: address("postgres", "postgresql").describe(
    "Postgres, `postgresql://user:password@host:5432/database`.",
  ),
  PFCON_URL: address("http", "https").default("http://pfcon:30005").describe("pfcon's address."),
  PFCON_USER: z.string({ error: "expected pfcon's user name" }).describe("pfcon's user name."),
  PFCON_PASSWORD: z.string({ error: "expected pfcon's password" }).describe("pfcon's password."),
  PFCON_TIMEOUT_SECONDS: int(1, 3_600).default(30).describe("Longest wait for an answer of pfcon."),
  PFCON_SCHEDULE_TIMEOUT_SECONDS: int(1, 86_400).default(900).describe(
    "Longest wait for pfcon to start a container; it pulls a missing image first.",
  ),
  PFCON_START_ATTEMPTS: int(1, 100).default(3).describe(
    "Pulls of an image that may fail before the step counts as not run; an unclear fault behind pfcon gets four times as many.",
  ),
  TASK_CONCURRENCY: int(1, 1_000).default(8).describe("Calls to pfcon that one task worker makes at a time."),
  CLEANUP_POLICY: z.enum(["proof", "quiescence"]).default("proof").describe(
    "When a container may be deleted: once its log is proven stored, or, as in the reference, also once its end is `EOS_QUIESCENCE_SECONDS` old.",
  ),
  EOS_QUIESCENCE_SECONDS: decimal(0, 60).default(10).describe("See `CLEANUP_POLICY`."),
  SWEEP_INTERVAL_SECONDS: decimal(0.1, 3_600).default(5).describe(
    "Workflows whose next task got lost are looked for this often.",
  ),
  SILENT_STEP_SECONDS: decimal(1, 86_400).default(300).describe(
    "pfcon is asked about a running step's container this long after the order, and again this long after each answer.",
  ),
});

/** What is wrong with the settings as a whole. */
export function configFaults(config: z.infer<typeof Config>): string[] {
  const { REDIS_URL, TASK_BROKER_URL, CELERY_BROKER_URL } = config;
  return redisFaults({ REDIS_URL, TASK_BROKER_URL, CELERY_BROKER_URL });
}
