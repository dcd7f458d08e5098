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
    "All containers are inspected this often, in case a change was missed (s); 0: only after a lost connection. " +
      "The reference's default is 0.",
  ),
});
