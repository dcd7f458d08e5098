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

const TOKEN = {
  AUTH_MODE: "token",
  AUTH_JWT_SECRET: "x".repeat(32),
  AUTH_ISSUER: "https://issuer.example",
  AUTH_AUDIENCE: "chris",
};
const JWKS = { AUTH_JWT_SECRET: "", AUTH_JWKS_URL: "https://issuer.example/certs" };

Deno.test("G12 AUTH_MODE=token lets the service bind anywhere, and needs all that tokens are checked with", () => {
  assertEquals(faults({ ...TOKEN, HOST: "0.0.0.0" }), []);
  assertEquals(faults({ ...TOKEN, ...JWKS }), []);
  const told = faults({ AUTH_MODE: "token" });
  assertEquals(told.map((fault) => fault.split(" is ")[0]?.split(" are ")[0]), [
    "AUTH_JWT_SECRET and AUTH_JWKS_URL",
    "AUTH_ISSUER",
    "AUTH_AUDIENCE",
  ]);
  assertStringIncludes(faults({ ...TOKEN, AUTH_JWKS_URL: JWKS.AUTH_JWKS_URL }).join(), "both set");
});

Deno.test("G12 a secret that can be guessed is refused, by its bytes and without being shown", () => {
  const told = faults({ ...TOKEN, AUTH_JWT_SECRET: "too short a secret" }).join();
  assertEquals(told, "AUTH_JWT_SECRET has 18 bytes: expected at least 32");
  assertEquals(faults({ ...TOKEN, AUTH_JWT_SECRET: "ä".repeat(16) }), []);
});

Deno.test("G12 settings of tokens that would not be asked for are refused", () => {
  const { AUTH_MODE: _, ...idle } = TOKEN;
  for (const AUTH_MODE of ["", "none"]) {
    assertStringIncludes(faults({ ...idle, AUTH_MODE }).join(), "AUTH_ISSUER");
  }
});

Deno.test("G12 CORS_ORIGINS takes origins as browsers write them, and never all", () => {
  assertEquals(faults({ CORS_ORIGINS: "https://a.example, http://localhost:3000" }), []);
  const wrong = [
    "*",
    "https://a.example/",
    "https://a.example:443",
    "https://*.example",
    "a.example",
    "null",
  ];
  for (const CORS_ORIGINS of wrong) {
    assertStringIncludes(faults({ CORS_ORIGINS }).join(), "CORS_ORIGINS names");
  }
});
