import { assertEquals, assertMatch } from "@std/assert";
import { readSafety } from "./redis_safety.ts";

const SAFE = "# Memory\r\nmaxmemory_policy:noeviction\r\naof_enabled:1\r\nmin_slaves_good_slaves:2\r\n";

Deno.test("G14 readSafety() has nothing to say of a Redis that keeps everything", () => {
  for (const sentinel of [true, false]) {
    assertEquals(readSafety(SAFE, { sentinel }), { losing: null, warnings: [] });
  }
});

Deno.test("G14 readSafety() calls a Redis that evicts losing, whatever the policy", () => {
  for (const policy of ["allkeys-lru", "volatile-ttl"]) {
    const { losing } = readSafety(SAFE.replace("noeviction", policy), { sentinel: false });
    assertMatch(losing ?? "", new RegExp(`"${policy}".*Set it to noeviction`));
  }
});

Deno.test("G14 readSafety() warns without append-only file, without a policy, and where nothing can be seen", () => {
  const warnings = (info: string | null) => readSafety(info, { sentinel: false }).warnings.join();
  assertMatch(warnings(SAFE.replace("aof_enabled:1", "aof_enabled:0")), /no append-only file/);
  assertMatch(warnings(SAFE.replace(/maxmemory_policy.*\r\n/, "")), /does not tell its maxmemory-policy/);
  assertMatch(warnings(null), /allow this user INFO/);
  assertEquals(readSafety(null, { sentinel: true }).losing, null);
});

Deno.test("G14 readSafety() warns with Sentinel where a primary without replicas takes events", () => {
  const info = SAFE.replace(/min_slaves_good_slaves.*\r\n/, "");
  assertMatch(readSafety(info, { sentinel: true }).warnings.join(), /min-replicas-to-write 1/);
  assertEquals(readSafety(info, { sentinel: false }).warnings, []);
});
