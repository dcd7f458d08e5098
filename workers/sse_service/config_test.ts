import { assertEquals, assertStringIncludes } from "@std/assert";
import { readConfig } from "lib/run/config.ts";
import { Config, configFaults } from "./config.ts";

const DB_DSN = "postgresql://chris@127.0.0.1/chris";
const faults = (env: Record<string, string>) => configFaults(readConfig(Config, { DB_DSN, ...env }));

Deno.test("G12 the service binds to other than loopback addresses only when somebody says so", () => {
  assertEquals(faults({}), []);
  assertEquals(faults({ HOST: "::1" }), []);
  assertStringIncludes(faults({ HOST: "0.0.0.0" }).join(), "AUTH_MODE");
  assertEquals(faults({ HOST: "0.0.0.0", AUTH_MODE: "none" }), []);
});

Deno.test("All settings that do not fit together are told at once", () => {
  assertEquals(faults({ HOST: "0.0.0.0", REDIS_URL: "redis+sentinel://nowhere" }).length, 2);
});
