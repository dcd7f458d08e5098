import { z } from "@zod/zod";
import { logStoreSettings } from "lib/log_store/settings.ts";
import { address, int } from "lib/run/config.ts";
import { processSettings } from "lib/run/process_settings.ts";
import { streamSettings } from "lib/run/stream_settings.ts";
import { redisFaults } from "lib/stream/redis_address.ts";
import { brokerSettings } from "lib/task/broker_settings.ts";
import { authFaults, authSettings } from "./auth/settings.ts";
import { DEFAULT_BUFFER_BYTES } from "./events/client_stream.ts";

/** Settings of the SSE service. */
export const Config = z.object({
  ...processSettings,
  ...streamSettings,
  ...brokerSettings,
  ...logStoreSettings,
  DB_DSN: address("postgres", "postgresql").describe(
    "Postgres, `postgresql://user:password@host:5432/database`.",
  ),
  HOST: z.string().default("127.0.0.1").describe(
    "Address the service binds to; any but a loopback address needs `AUTH_MODE`.",
  ),
  PORT: int(0, 65_535).default(8_080).describe("Port the service binds to; 0 picks a free one."),
  ...authSettings,
  STATUS_CONSUMER_GROUP: z.string().default("status-consumer-group").describe(
    "The status consumer's group, for metrics.",
  ),
  LOG_CONSUMER_GROUP: z.string().default("log-consumer-group").describe("The log consumer's group."),
  MAX_STREAMS: int(1).default(20_000).describe("Most event streams open at the same time; more get 503."),
  CLIENT_BUFFER_BYTES: int(65_536, 67_108_864).default(DEFAULT_BUFFER_BYTES).describe(
    "Most that waits for one client of an event stream (bytes), but for one chunk more; one that falls further behind is caught up from history.",
  ),
  MAX_BODY_BYTES: int(1_024).default(1_048_576).describe("Largest request body accepted (bytes)."),
  SAMPLE_IMAGE: z.string().default("ghcr.io/fnndsc/pl-simpledsapp:2.1.0").describe(
    "Image the UI's form proposes.",
  ),
  SAMPLE_ENTRYPOINT: z.string().default("simpledsapp").describe(
    "Entrypoint the UI's form proposes; words are separated by spaces.",
  ),
  SAMPLE_ARGS: z.string().default("--dummyFloat 3.5 --sleepLength 5").describe(
    "Arguments the UI's form proposes, quoted as in a shell.",
  ),
  SAMPLE_INPUT_DIRS: z.string().default("").describe(
    "Input directories the UI's form proposes, separated by commas.",
  ),
});

/** Addresses that only this machine reaches. */
const LOOPBACK = new Set(["127.0.0.1", "::1", "localhost"]);

/** Whether only this machine can reach the service. */
export function isLoopback(host: string): boolean {
  return LOOPBACK.has(host);
}

/** What is wrong with the settings as a whole: nobody gets in by accident (architecture.md §8). */
export function configFaults(config: z.infer<typeof Config>): string[] {
  const { REDIS_URL, TASK_BROKER_URL, CELERY_BROKER_URL } = config;
  return [
    ...redisFaults({ REDIS_URL, TASK_BROKER_URL, CELERY_BROKER_URL }),
    ...exposureFaults(config),
    ...authFaults(config),
  ];
}

function exposureFaults({ HOST, AUTH_MODE }: z.infer<typeof Config>): string[] {
  if (isLoopback(HOST) || AUTH_MODE !== undefined) return [];
  return [
    `HOST is ${JSON.stringify(HOST)}: without authentication only 127.0.0.1, ::1 or localhost are allowed; ` +
    "set AUTH_MODE=token to ask for tokens, or AUTH_MODE=none to let everybody in who reaches that address",
  ];
}
