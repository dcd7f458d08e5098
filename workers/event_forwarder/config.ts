import { z } from "@zod/zod";
import { bool, decimal } from "lib/run/config.ts";
import { processSettings } from "lib/run/process_settings.ts";
import { streamSettings } from "lib/run/stream_settings.ts";
import { runtimeSettings } from "lib/runtime/runtime_settings.ts";

/** Settings of the event forwarder. */
export const Config = z.object({
  ...processSettings,
  ...streamSettings,
  ...runtimeSettings,
  EMIT_INITIAL_STATE: bool().default(true).describe(
    "Report the states that containers went through before this process came; if false, only those of " +
      "containers that change while it runs.",
  ),
  DOCKER_RECONCILE_SECONDS: decimal(0, 86_400).default(30).describe(
    "All containers are listed this often, in case a change was missed, and those inspected whose published states " +
      "do not explain the list (s); 0: only after a lost connection or a loss in Redis. The reference's default is 0.",
  ),
});
