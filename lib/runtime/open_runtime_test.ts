import { assert, assertThrows } from "@std/assert";
import { z } from "@zod/zod";
import { readConfig } from "../run/config.ts";
import { silentLogger } from "../run/log.ts";
import { DockerRuntime } from "./docker.ts";
import { openRuntime } from "./open_runtime.ts";
import { runtimeSettings } from "./runtime_settings.ts";

const Settings = z.object(runtimeSettings);

Deno.test("openRuntime() opens the runtime that the settings name, and refuses one that it does not know", () => {
  assert(openRuntime(readConfig(Settings, {}), silentLogger) instanceof DockerRuntime);
  const kubernetes = readConfig(Settings, { COMPUTE_ENV: "kubernetes" });
  assertThrows(() => openRuntime(kubernetes, silentLogger), RangeError, `"kubernetes"`);
});

Deno.test("DockerRuntime refuses an address that is neither a socket nor TCP", () => {
  const options = { label: "a", labelValue: "b", log: silentLogger };
  assertThrows(
    () => new DockerRuntime({ host: "ssh://host", ...options }),
    RangeError,
    "expected unix:///path",
  );
});
