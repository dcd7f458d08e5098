import { z } from "@zod/zod";
import { redisSettings, streamSettings } from "lib/run/stream_settings.ts";

/** Settings of the command: those of the workers that say where the streams and their dead letters are. */
export const Config = z.object({
  REDIS_URL: redisSettings.REDIS_URL,
  STREAM_STATUS_BASE: streamSettings.STREAM_STATUS_BASE,
  STREAM_LOGS_BASE: streamSettings.STREAM_LOGS_BASE,
  STREAM_STATUS_DLQ: streamSettings.STREAM_STATUS_DLQ,
  STREAM_LOGS_DLQ: streamSettings.STREAM_LOGS_DLQ,
  STREAM_NUM_SHARDS: streamSettings.STREAM_NUM_SHARDS,
});

/** Variables that name the person at the keyboard, the first one set counts: for the record of what was done. */
export const OPERATOR_VARIABLES = ["SUDO_USER", "USER", "LOGNAME"] as const;
