import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { leaseBalance, LeaseLostError } from "./lease.ts";

Deno.test("leaseBalance() lets a single replica have all shards", () => {
  assertEquals(leaseBalance({ shards: 8, replicas: 1, owned: 0 }), 8);
  assertEquals(leaseBalance({ shards: 8, replicas: 1, owned: 8 }), 0);
});

Deno.test("leaseBalance() counts this replica even if its heartbeat has run out", () => {
  assertEquals(leaseBalance({ shards: 8, replicas: 0, owned: 3 }), 5);
});

Deno.test("leaseBalance() gives back what is beyond the fair part, rounded up", () => {
  assertEquals(leaseBalance({ shards: 8, replicas: 2, owned: 8 }), -4);
  assertEquals(leaseBalance({ shards: 8, replicas: 3, owned: 3 }), 0);
  assertEquals(leaseBalance({ shards: 8, replicas: 9, owned: 2 }), -1);
});

Deno.test("leaseBalance() brings any replicas to rest with every shard owned once", () => {
  const counts = fc.record({
    shards: fc.integer({ min: 1, max: 64 }),
    replicas: fc.integer({ min: 1, max: 12 }),
  });
  fc.assert(fc.property(counts, fc.array(fc.nat(11)), ({ shards, replicas }, turns) => {
    const owned = new Array<number>(replicas).fill(0);
    owned[0] = shards;
    const turn = (i: number) => {
      const free = shards - owned.reduce((sum, count) => sum + count, 0);
      owned[i] = (owned[i] ?? 0) + Math.min(free, leaseBalance({ shards, replicas, owned: owned[i] ?? 0 }));
    };
    for (const i of turns) turn(i % replicas);
    for (let round = 0; round < 2; round++) for (let i = 0; i < replicas; i++) turn(i);
    assertEquals(owned.reduce((sum, count) => sum + count, 0), shards);
    assert(owned.every((count) => count <= Math.ceil(shards / replicas)), `${owned} of ${shards}`);
  }));
});

Deno.test("LeaseLostError names the attempt, the shard, the replica and the epoch", () => {
  const lease = { shard: 3, leaseKey: "l", epochKey: "e", replica: "host:1:a", epoch: 7 };
  const error = new LeaseLostError(lease, "acknowledge");
  assertEquals(error.name, "LeaseLostError");
  assertEquals(
    error.message,
    "Cannot acknowledge: shard 3 is no longer leased to host:1:a in epoch 7",
  );
});
