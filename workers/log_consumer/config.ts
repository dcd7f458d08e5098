import { z } from "@zod/zod";
import { decimal, int } from "lib/run/config.ts";
import { logStoreFaults, logStoreSettings } from "lib/log_store/settings.ts";
import { processSettings } from "lib/run/process_settings.ts";
import { redisFaults } from "lib/stream/redis_address.ts";
import { consumerFaults, consumerSettings, streamSettings } from "lib/run/stream_settings.ts";

/** Settings of the log consumer. */
export const Config = z.object({
  ...processSettings,
  ...streamSettings,
  ...consumerSettings,
  ...logStoreSettings,
  LOG_CONSUMER_GROUP: z.string().default("log-consumer-group").describe("Consumer group of the log streams."),
  BATCH_MAX_SIZE: int(1, 10_000).default(2_000).describe("Most lines written to the log store at once."),
  BATCH_MAX_WAIT_SECONDS: decimal(0, 60).default(0.25).describe(
    "Longest wait for a fuller batch (s); a container's end of stream is never waited on.",
  ),
});

/** What is wrong with the settings as a whole. */
export function configFaults(config: z.infer<typeof Config>): string[] {
  const { REDIS_URL } = config;
  return [...consumerFaults(config), ...logStoreFaults(config), ...redisFaults({ REDIS_URL })];
}
