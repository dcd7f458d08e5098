import type { z } from "@zod/zod";
import type { Logger } from "../run/log.ts";
import { DockerRuntime } from "./docker.ts";
import type { Runtime } from "./runtime.ts";
import type { runtimeSettings } from "./runtime_settings.ts";

/** Settings of the runtime, and of its logs where they are read. */
type RuntimeConfig = z.infer<z.ZodObject<typeof runtimeSettings>> & { readonly DOCKER_LOG_DIR?: string };

/** The runtime that the settings name. Connects when it is first asked for something. */
export function openRuntime(config: RuntimeConfig, log: Logger): Runtime {
  return new DockerRuntime({
    host: config.DOCKER_HOST,
    label: config.DOCKER_LABEL_FILTER,
    labelValue: config.DOCKER_LABEL_VALUE,
    logDir: logDir(config.DOCKER_LOG_DIR ?? "", log),
    log,
  });
}

function logDir(dir: string, log: Logger): string | null {
  if (dir === "") return null;
  try {
    for (const _ of Deno.readDirSync(dir)) break;
    return dir;
  } catch (error) {
    log.warn({ dir, error: String(error) }, "cannot read DOCKER_LOG_DIR, asking the Engine for all logs");
    return null;
  }
}
