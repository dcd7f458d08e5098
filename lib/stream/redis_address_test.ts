import { assert, assertEquals, assertThrows } from "@std/assert";
import { redisFaults, redisOptions } from "./redis_address.ts";

Deno.test("redisOptions() reads host, port and database, with Redis's own defaults", () => {
  assertEquals(redisOptions("redis://cache"), { host: "cache", port: 6379, db: 0 });
  assertEquals(redisOptions("redis://cache:7000/"), { host: "cache", port: 7000, db: 0 });
  assertEquals(redisOptions("redis://10.0.0.7:7000/12"), { host: "10.0.0.7", port: 7000, db: 12 });
});

Deno.test("redisOptions() takes the brackets off an IPv6 address", () => {
  assertEquals(redisOptions("redis://[fd00::7]:7000/1"), { host: "fd00::7", port: 7000, db: 1 });
  assertEquals(redisOptions("redis+sentinel://[::1]:26380/main"), {
    sentinels: [{ host: "::1", port: 26380 }],
    name: "main",
    db: 0,
  });
});

Deno.test("redisOptions() decodes credentials: user and password, or a password alone", () => {
  assertEquals(redisOptions("redis://app:p%40ss%3A%2F@cache"), {
    host: "cache",
    port: 6379,
    db: 0,
    username: "app",
    password: "p@ss:/",
  });
  assertEquals(redisOptions("redis://:secret@cache").password, "secret");
  assertEquals("username" in redisOptions("redis://:secret@cache"), false);
});

Deno.test("redisOptions() speaks TLS to rediss:// alone", () => {
  assertEquals(redisOptions("rediss://cache").tls, {});
  assertEquals("tls" in redisOptions("redis://cache"), false);
});

Deno.test("redisOptions() reads Sentinel's hosts, the primary's name, its database and credentials", () => {
  assertEquals(redisOptions("redis+sentinel://h1:26380,h2/mymaster/3"), {
    sentinels: [{ host: "h1", port: 26380 }, { host: "h2", port: 26379 }],
    name: "mymaster",
    db: 3,
  });
  const { username, password, name } = redisOptions("redis+sentinel://app:a:b%40@h1,h2/main");
  assertEquals({ username, password, name }, { username: "app", password: "a:b@", name: "main" });
  assertEquals(redisOptions("redis+sentinel://:pw@h1/main/").password, "pw");
});

Deno.test("redisOptions() reads Sentinel's own login from the query, beside that of the servers", () => {
  assertEquals(redisOptions("redis+sentinel://:pw@h1/main/2?sentinel_password=p%40s+s&sentinel_user=watch"), {
    sentinels: [{ host: "h1", port: 26379 }],
    name: "main",
    db: 2,
    password: "pw",
    sentinelUsername: "watch",
    sentinelPassword: "p@s+s",
  });
  assertEquals(redisOptions("redis+sentinel://h1/main?sentinel_password=x").sentinelPassword, "x");
});

Deno.test("redisOptions() speaks TLS to servers and sentinels with rediss+sentinel://", () => {
  const { tls, sentinelTLS, enableTLSForSentinelMode, name } = redisOptions("rediss+sentinel://h1/main/0");
  assertEquals({ tls, sentinelTLS, enableTLSForSentinelMode, name }, {
    tls: {},
    sentinelTLS: {},
    enableTLSForSentinelMode: true,
    name: "main",
  });
  assertEquals("tls" in redisOptions("redis+sentinel://h1/main/0"), false);
});

Deno.test("redisOptions() refuses what it cannot read, without showing passwords", () => {
  const bad = [
    "cache:6379",
    "http://cache",
    "redis://",
    "redis:///0",
    "redis://cache:99999",
    "redis://cache/one",
    "redis://cache/-1",
    "redis://cache/1.5",
    "redis://u:secret%zz@cache",
    "redis+sentinel://h1:26379",
    "redis+sentinel://h1:secret/main",
    "redis+sentinel://h1,,h2/main",
    "redis+sentinel://u:secret@h1/main/x",
    "redis+sentinel://u:secret%zz@h1/main",
    "redis+sentinel://h1/main/0?password=secret",
    "redis+sentinel://h1/main/0?sentinel_password=secret?x",
    "redis+sentinels://h1/main/0",
  ];
  for (const url of bad) {
    const error = assertThrows(() => redisOptions(url), RangeError, "Cannot read the Redis address");
    assert(!error.message.includes("secret"), url);
  }
});

Deno.test("redisFaults() names each setting whose address cannot be used, and passes over those not set", () => {
  const faults = redisFaults({
    REDIS_URL: "redis://cache/x",
    TASK_BROKER_URL: undefined,
    CELERY_BROKER_URL: "redis+sentinel://h1",
    OTHER_URL: "redis://cache",
  });
  assertEquals(faults.length, 2);
  assert(faults[0]?.startsWith('REDIS_URL cannot be used: Cannot read the Redis address: "/x"'), faults[0]);
  assert(faults[1]?.startsWith("CELERY_BROKER_URL cannot be used: "), faults[1]);
});
