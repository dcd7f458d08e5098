import { assertEquals, assertThrows } from "@std/assert";
import { hostsOf, masterHostsFault, redisHosts } from "./net_hosts.ts";

Deno.test("hostsOf() leaves login, path and query out and fills in the port", () => {
  assertEquals(hostsOf("postgres://u:p%40x@db/chris?sslmode=require", 5432), ["db:5432"]);
  assertEquals(hostsOf("http://quickwit:7280/api", 80), ["quickwit:7280"]);
  assertEquals(hostsOf("https://pfcon.example.org", 80), ["pfcon.example.org:443"]);
  assertEquals(hostsOf("redis://:p@ss@[::1]:6380/0", 6379), ["[::1]:6380"]);
  assertEquals(hostsOf("", 80), []);
});

Deno.test("hostsOf() names every host of a list", () => {
  assertEquals(hostsOf("postgres://u:p@a:1,b/chris", 5432), ["a:1", "b:5432"]);
});

Deno.test("hostsOf() refuses what would widen the flag, without showing the address", () => {
  for (const address of ["quickwit", "http://", "http://u:secret@*:80", "http://a,b:x", "http://a,/b"]) {
    const error = assertThrows(() => hostsOf(address, 80), RangeError);
    assertEquals(error.message.includes("secret"), false);
  }
});

Deno.test("redisHosts() allows the sentinels and the primaries that are named", () => {
  assertEquals(
    redisHosts("redis+sentinel://s1:26379,s2:26379/mymaster/0", "redis-0:6379, 10.1.0.0/16:6379"),
    [
      "s1",
      "s2",
      "redis-0:6379",
      "10.1.0.0/16:6379",
    ],
  );
});

Deno.test("redisHosts() keeps to private networks where no primary is named", () => {
  assertEquals(redisHosts("redis+sentinel://s1/mymaster", ""), [
    "s1",
    "10.0.0.0/8:6379",
    "172.16.0.0/12:6379",
    "192.168.0.0/16:6379",
    "127.0.0.0/8:6379",
  ]);
});

Deno.test("redisHosts() treats Sentinel over TLS alike, and leaves login and query out", () => {
  assertEquals(redisHosts("rediss+sentinel://:p%40@s1,s2:1/m/0?sentinel_password=x", "r:1"), [
    "s1",
    "s2",
    "r:1",
  ]);
});

Deno.test("masterHostsFault() takes hosts and networks, and refuses what would widen the flag", () => {
  for (const good of ["", "redis-0, redis-1:6380", "10.0.0.0/8:6379,[fd00::1]:6379", "10.1.2.0/24"]) {
    assertEquals(masterHostsFault(good), null, good);
  }
  for (const bad of ["*", "redis-0:x", "redis-0,*:6379", "redis 0", "unix:/run/x"]) {
    assertEquals(masterHostsFault(bad)?.startsWith("expected host:port"), true, bad);
  }
});
