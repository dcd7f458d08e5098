import { z } from "@zod/zod";
import { processSettings } from "lib/run/process_settings.ts";
import { consumerSettings, streamSettings } from "lib/run/stream_settings.ts";
import { brokerSettings } from "lib/task/broker_settings.ts";

/** Settings of the status consumer. */
export const Config = z.object({
  ...processSettings,
  ...streamSettings,
  ...consumerSettings,
  ...brokerSettings,
  STATUS_CONSUMER_GROUP: z.string().default("status-consumer-group").describe("Consumer group of the status streams."),
});
