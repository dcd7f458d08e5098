import type { z } from "@zod/zod";
import type { Logger } from "../run/log.ts";
import { DockerRuntime } from "./docker.ts";
import type { Runtime } from "./runtime.ts";
import type { runtimeSettings } from "./runtime_settings.ts";

/** The runtime that the settings name. Connects when it is first asked for something. */
export function openRuntime(config: z.infer<z.ZodObject<typeof runtimeSettings>>, log: Logger): Runtime {
  return new DockerRuntime({
    host: config.DOCKER_HOST,
    label: config.DOCKER_LABEL_FILTER,
    labelValue: config.DOCKER_LABEL_VALUE,
    log,
  });
}
