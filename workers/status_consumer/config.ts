import { z } from "@zod/zod";
import { processSettings } from "lib/run/process_settings.ts";
import { consumerFaults, consumerSettings, streamSettings } from "lib/run/stream_settings.ts";
import { redisFaults } from "lib/stream/redis_address.ts";
import { brokerSettings } from "lib/task/broker_settings.ts";

/** Settings of the status consumer. */
export const Config = z.object({
  ...processSettings,
  ...streamSettings,
  ...consumerSettings,
  ...brokerSettings,
  STATUS_CONSUMER_GROUP: z.string().default("status-consumer-group").describe(
    "Consumer group of the status streams.",
  ),
});

/** What is wrong with the settings as a whole. */
export function configFaults(config: z.infer<typeof Config>): string[] {
  const { REDIS_URL, TASK_BROKER_URL, CELERY_BROKER_URL } = config;
  return [...consumerFaults(config), ...redisFaults({ REDIS_URL, TASK_BROKER_URL, CELERY_BROKER_URL })];
}
