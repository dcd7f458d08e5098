import { z } from "@zod/zod";
import { decimal, int } from "lib/run/config.ts";
import { processSettings } from "lib/run/process_settings.ts";
import { streamSettings } from "lib/run/stream_settings.ts";
import { runtimeSettings } from "lib/runtime/runtime_settings.ts";

/** Settings of the log forwarder. */
export const Config = z.object({
  ...processSettings,
  ...streamSettings,
  ...runtimeSettings,
  DOCKER_LOG_DIR: z.string().regex(/^(\/.*)?$/, { error: 'expected a path that begins with "/", or nothing' })
    .default("").describe(
      "The Engine's folder of containers, if it can be read here (`/var/lib/docker/containers`): logs that its " +
        "driver json-file keeps there without rotation are read as files, which spares the Engine reading them " +
        "back; empty: the Engine is asked for all logs.",
    ),
  LOG_MAX_LINE_BYTES: int(1_024, 64 * 1024 * 1024).default(1_048_576).describe(
    "A longer line is cut there, and says how long it was (bytes).",
  ),
  LOG_CONSUMER_GROUP: z.string().default("log-consumer-group").describe(
    "Lines that this group has not stored yet are never trimmed from a full stream: newer ones wait in the runtime; " +
      "empty: the oldest lines are dropped, read or not.",
  ),
  LOG_BACKLOG_PARALLEL: int(1, 1_000).default(4).describe(
    "Logs of containers that ended unseen are read so many at a time; running ones are all read at once.",
  ),
  LOG_SILENCE_SECONDS: decimal(1, 86_400).default(30).describe(
    "A log that brings nothing for so long is compared with what the runtime holds, and read anew if it lags; while " +
      "it stays silent after 2, 4, … 20 times as long again (s).",
  ),
  LOG_RELIST_SECONDS: decimal(0, 86_400).default(30).describe(
    "All containers are listed this often, in case a change was missed (s); 0: only after a lost connection or a " +
      "loss in Redis.",
  ),
});
