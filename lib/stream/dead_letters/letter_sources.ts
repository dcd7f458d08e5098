import type { z } from "@zod/zod";
import { decodeLogEvent, decodeStatusEvent } from "../../event/codec.ts";
import type { streamSettings } from "../../run/stream_settings.ts";
import type { LetterSource } from "./dead_letters.ts";

/** The streams whose consumers dead-letter entries. */
export const LETTER_KINDS = ["status", "logs"] as const;
/** One of the streams whose consumers dead-letter entries. */
export type LetterKind = typeof LETTER_KINDS[number];

/** The settings that say where dead letters are. */
export type LetterSettings = z.infer<
  z.ZodObject<
    Pick<
      typeof streamSettings,
      | "STREAM_STATUS_DLQ"
      | "STREAM_STATUS_BASE"
      | "STREAM_LOGS_DLQ"
      | "STREAM_LOGS_BASE"
      | "STREAM_NUM_SHARDS"
    >
  >
>;

/** Where the dead letters of each kind are, and how their consumers read entries. */
export function letterSources(settings: LetterSettings): Record<LetterKind, LetterSource> {
  const numShards = settings.STREAM_NUM_SHARDS;
  return {
    status: {
      dlq: settings.STREAM_STATUS_DLQ,
      base: settings.STREAM_STATUS_BASE,
      numShards,
      decode: decodeStatusEvent,
    },
    logs: {
      dlq: settings.STREAM_LOGS_DLQ,
      base: settings.STREAM_LOGS_BASE,
      numShards,
      decode: decodeLogEvent,
    },
  };
}
