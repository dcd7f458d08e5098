import { assertEquals } from "@std/assert";
import { VirtualTime } from "lib/testing/virtual_time.ts";
import { Health } from "./health.ts";

const ask = (health: Health, path: string) => health.answer(new Request(`http://worker:8080${path}`));

Deno.test("Health says alive on /health whatever its dependencies do", async () => {
  const health = new Health();
  health.add("redis", () => Promise.reject(new Error("away")));
  const answer = await ask(health, "/health");
  assertEquals([answer.status, await answer.json()], [200, { status: "ok" }]);
});

Deno.test("Health is ready only if every dependency answers, and says what each one lacks", async () => {
  const health = new Health();
  let postgres: () => Promise<unknown> = () => Promise.resolve(1);
  health.add("redis", () => Promise.resolve("PONG"));
  health.add("postgres", () => postgres());
  const well = await ask(health, "/ready");
  assertEquals([well.status, await well.json()], [200, {
    status: "ready",
    dependencies: { redis: "ok", postgres: "ok" },
  }]);
  postgres = () => {
    throw new Error("connection refused");
  };
  const ill = await ask(health, "/ready");
  assertEquals([ill.status, await ill.json()], [503, {
    status: "not ready",
    dependencies: { redis: "ok", postgres: "connection refused" },
  }]);
});

Deno.test("Health takes a dependency that does not answer for away, after two seconds", async () => {
  using time = new VirtualTime(0);
  const health = new Health();
  health.add("redis", () => new Promise(() => {}));
  assertEquals(await health.ready(), { ready: false, dependencies: { redis: "no answer within 2000 ms" } });
  assertEquals(time.now(), 2_000);
});

Deno.test("Health answers 404 to other paths", async () => {
  const answer = await ask(new Health(), "/metrics");
  assertEquals([answer.status, (await answer.json()).error.code], [404, "not_found"]);
});

Deno.test("Health tells details beside its dependencies, whatever they say", async () => {
  const health = new Health();
  health.add("redis", () => Promise.resolve());
  health.addDetail("consumer", () => ({ shards: [1] }));
  const answer = await health.answer(new Request("http://x/ready"));
  assertEquals(answer.status, 200);
  assertEquals(await answer.json(), {
    status: "ready",
    dependencies: { redis: "ok" },
    details: { consumer: { shards: [1] } },
  });
});
