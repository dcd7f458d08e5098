import { assert, assertEquals, assertThrows } from "@std/assert";
import { z } from "@zod/zod";
import { address, bool, ConfigError, decimal, int, readConfig } from "./config.ts";

const Config = z.object({
  SHARDS: int(1, 64).default(8).describe("How many."),
  WAIT_SECONDS: decimal(0, 60).default(2),
  RECONCILE: bool().default(false),
  REDIS_URL: address("redis", "rediss").default("redis://redis:6379/0"),
  LEVEL: z.enum(["info", "warn"]).default("info"),
  DB_PASSWORD: z.string().min(8).optional(),
});

/** The faults of settings that must be refused. */
function faults(schema: z.ZodObject, env: Record<string, string>): readonly string[] {
  return assertThrows(() => readConfig(schema, env), ConfigError).faults;
}

Deno.test("readConfig() fills in defaults, reads the rest, and freezes the result", () => {
  const config = readConfig(Config, { SHARDS: "16", WAIT_SECONDS: "0.5", RECONCILE: "yes", HOME: "/root" });
  assertEquals({ ...config }, {
    SHARDS: 16,
    WAIT_SECONDS: 0.5,
    RECONCILE: true,
    REDIS_URL: "redis://redis:6379/0",
    LEVEL: "info",
    DB_PASSWORD: undefined,
  });
  assert(Object.isFrozen(config));
});

Deno.test("readConfig() takes an empty variable as not set", () => {
  assertEquals(readConfig(Config, { SHARDS: "", REDIS_URL: "" }).SHARDS, 8);
});

Deno.test("readConfig() reports every fault at once, each with variable, value and what is allowed", () => {
  const wrong = {
    SHARDS: "65",
    WAIT_SECONDS: "soon",
    RECONCILE: "maybe",
    REDIS_URL: "http://redis",
    LEVEL: "all",
  };
  assertEquals(faults(Config, wrong), [
    `SHARDS is "65": expected a whole number from 1 to 64`,
    `WAIT_SECONDS is "soon": expected a number from 0 to 60`,
    `RECONCILE is "maybe": expected true or false`,
    `REDIS_URL is "http://redis": expected an address that starts with redis:// or rediss://`,
    `LEVEL is "all": Invalid option: expected one of "info"|"warn"`,
  ]);
});

Deno.test("readConfig() says of a setting without a default that it is required", () => {
  const Required = z.object({ DB_DSN: z.string(), PORT: int(1), URL: address("http") });
  assertEquals(faults(Required, { DB_DSN: "" }), [
    "DB_DSN is not set: a value is required",
    "PORT is not set: expected a whole number of at least 1",
    "URL is not set: expected an address that starts with http://",
  ]);
});

Deno.test("readConfig() shows no password, not even inside an address", () => {
  const Secrets = z.object({
    DB_PASSWORD: z.string().min(8),
    FLOWER_BASIC_AUTH: z.string().min(8),
    DB_DSN: address("postgresql"),
    REDIS_URL: address("redis"),
    OTHER_DSN: address("postgresql"),
  });
  const message = faults(Secrets, {
    DB_PASSWORD: "geheim",
    FLOWER_BASIC_AUTH: "geheim",
    DB_DSN: "mysql://chris:geh@im@postgres/chris",
    REDIS_URL: "me:geheim@redis",
    OTHER_DSN: "mysql://postgres/chris?user=chris&password=geheim",
  }).join("\n");
  assert(!/geh/.test(message), message);
  assert(message.includes(`DB_DSN is "mysql://***@postgres/chris"`), message);
  assert(message.includes(`OTHER_DSN is "mysql://postgres/chris?user=chris&password=***"`), message);
});

Deno.test("readConfig() reports a fault of several settings together by its own sentence", () => {
  const Pair = z.object({ LOW: int(0).default(1), HIGH: int(0).default(2) })
    .refine(({ LOW, HIGH }) => LOW < HIGH, { error: "LOW must be less than HIGH" });
  assertEquals(faults(Pair, { LOW: "3" }), ["LOW must be less than HIGH"]);
});

Deno.test("int() reads whole numbers inside its range only", () => {
  const accepts = (text: string) => int(-1, 10).safeParse(text).success;
  for (const good of ["-1", "0", "10", "007"]) assert(accepts(good), good);
  for (const bad of ["-2", "11", "1.0", "1e1", " 1", "0x1", "1_0", "--1", "NaN"]) assert(!accepts(bad), bad);
  assert(!int(0).safeParse("9007199254740993").success);
});

Deno.test("decimal() reads plain decimal numbers inside its range only", () => {
  assertEquals(decimal(0, 10).parse("0.25"), 0.25);
  for (const bad of ["", ".5", "1.", "1e1", "-0.1", "10.1", "Infinity"]) {
    assert(!decimal(0, 10).safeParse(bad).success, bad);
  }
});

Deno.test("bool() reads the spellings people use, in any case", () => {
  for (const yes of ["true", "True", "YES", "1", "on"]) assertEquals(bool().parse(yes), true);
  for (const no of ["false", "False", "no", "0", "OFF"]) assertEquals(bool().parse(no), false);
  for (const bad of ["", "t", "2", "truely"]) assert(!bool().safeParse(bad).success, bad);
});

Deno.test("address() takes several hosts and local sockets, and refuses what cannot be connected to", () => {
  const accepts = (text: string) =>
    address("redis", "redis+sentinel", "postgresql", "http").safeParse(text).success;
  for (
    const good of [
      "redis://redis:6379/0",
      "redis+sentinel://one:26379,two:26379/mymaster/0",
      "postgresql:///chris?host=/run/postgresql",
      "http://[::1]:7280",
    ]
  ) assert(accepts(good), good);
  for (
    const bad of [
      "redis://",
      "redis:6379",
      "ftp://x",
      "redis://redis:6379/0 1",
      "http://x:99999",
      "xhttp://y",
    ]
  ) {
    assert(!accepts(bad), bad);
  }
});
