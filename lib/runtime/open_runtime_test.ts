import { assert, assertThrows } from "@std/assert";
import { z } from "@zod/zod";
import { ConfigError, readConfig } from "../run/config.ts";
import { silentLogger } from "../run/log.ts";
import { DockerRuntime } from "./docker.ts";
import { openRuntime } from "./open_runtime.ts";
import { runtimeSettings } from "./runtime_settings.ts";

const Settings = z.object(runtimeSettings);

Deno.test("openRuntime() opens the runtime that the settings name; one that is not known is no setting", () => {
  assert(openRuntime(readConfig(Settings, {}), silentLogger) instanceof DockerRuntime);
  assertThrows(() => readConfig(Settings, { COMPUTE_ENV: "kubernetes" }), ConfigError, `"kubernetes"`);
});

Deno.test("DockerRuntime refuses an address that is neither a socket nor TCP", () => {
  const options = { label: "a", labelValue: "b", log: silentLogger };
  assertThrows(
    () => new DockerRuntime({ host: "ssh://host", ...options }),
    RangeError,
    "expected unix:///path",
  );
});
