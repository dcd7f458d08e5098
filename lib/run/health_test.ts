import { assertEquals } from "@std/assert";
import { VirtualTime } from "lib/testing/virtual_time.ts";
import { Health, Readiness } from "./health.ts";
import { sleep } from "./sleep.ts";

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
  const { latency_ms, ...told } = Readiness.parse(await well.json());
  assertEquals([well.status, told], [200, {
    status: "ready",
    dependencies: { redis: "ok", postgres: "ok" },
  }]);
  assertEquals(Object.keys(latency_ms), ["redis", "postgres"]);
  postgres = () => {
    throw new Error("connection refused");
  };
  const ill = await ask(health, "/ready");
  const { status, dependencies } = Readiness.parse(await ill.json());
  assertEquals([ill.status, status, dependencies], [503, "not ready", {
    redis: "ok",
    postgres: "connection refused",
  }]);
});

Deno.test("Health takes a dependency that does not answer for away, after two seconds", async () => {
  using time = new VirtualTime(0);
  const health = new Health();
  health.add("redis", () => new Promise(() => {}));
  const { ready, dependencies } = await health.ready();
  assertEquals([ready, dependencies], [false, { redis: "no answer within 2000 ms" }]);
  assertEquals(time.now(), 2_000);
});

Deno.test("Health does not ask a dependency again that still owes an answer, however many want to know", async () => {
  using time = new VirtualTime(0);
  const health = new Health(time.now);
  let asked = 0;
  const answer = Promise.withResolvers<void>();
  health.add("redis", () => {
    asked++;
    return answer.promise;
  });
  await Promise.all([health.ready(), health.ready()]);
  assertEquals((await health.ready()).ready, false);
  assertEquals(asked, 1);
  answer.resolve();
  assertEquals((await health.ready()).ready, true);
  assertEquals(asked, 1);
  await health.ready();
  assertEquals(asked, 2);
});

Deno.test("Health asks again where an answer was owed for long: its connection may be lost for good", async () => {
  using time = new VirtualTime(0);
  const health = new Health(time.now);
  const answers = [new Promise(() => {}), Promise.resolve()];
  health.add("postgres", () => answers.shift() ?? Promise.resolve());
  const states: string[] = [];
  for (let tries = 0; tries < 6; tries++) states.push((await health.ready()).dependencies.postgres ?? "");
  assertEquals(states, [...Array(5).fill("no answer within 2000 ms"), "ok"]);
});

Deno.test("Health tells how long each dependency took to answer", async () => {
  using time = new VirtualTime(0);
  const health = new Health(time.now);
  health.add("near", () => Promise.resolve());
  health.add("far", () => sleep(30));
  assertEquals((await health.ready()).latency_ms, { near: 0, far: 30 });
});

Deno.test("Health tells the other details if one of them cannot be told", async () => {
  const health = new Health();
  health.addDetail("consumer", () => {
    throw new Error("not begun");
  });
  health.addDetail("mode", () => "fast");
  const answer = await ask(health, "/ready");
  assertEquals([answer.status, (await answer.json()).details], [200, {
    consumer: "not begun",
    mode: "fast",
  }]);
});

Deno.test("G15 Health is not ready any more when its worker is stopping, though nothing is away", async () => {
  const health = new Health();
  health.add("redis", () => Promise.resolve("PONG"));
  health.stop();
  const { status, dependencies } = await health.readiness();
  assertEquals([status, dependencies], ["not ready", { redis: "ok", intake: "stopping" }]);
  assertEquals((await health.ready()).ready, true);
});

Deno.test("Health answers 404 to other paths", async () => {
  const answer = await ask(new Health(), "/metrics");
  assertEquals([answer.status, (await answer.json()).error.code], [404, "not_found"]);
});

Deno.test("G12 Health answers requests whose target and Host header make no URL with 400", async () => {
  const health = new Health();
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    (request) => health.answer(request),
  );
  const statusOf = async (target: string, host: string) => {
    using connection = await Deno.connect({ hostname: "127.0.0.1", port: server.addr.port });
    const head = `GET ${target} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`;
    await connection.write(new TextEncoder().encode(head));
    return (await new Response(connection.readable).text()).slice(9, 12);
  };
  for (const host of ["a b", "[", "a:99999"]) assertEquals(await statusOf("/health", host), "400", host);
  assertEquals(await statusOf("http://[/", "a"), "400");
  assertEquals(await statusOf("//health", "a"), "404");
  assertEquals(await statusOf("/health", "a"), "200");
});

Deno.test("Health tells details beside its dependencies, whatever they say", async () => {
  const health = new Health();
  health.add("redis", () => Promise.resolve());
  health.addDetail("consumer", () => ({ shards: [1] }));
  const answer = await health.answer(new Request("http://x/ready"));
  assertEquals(answer.status, 200);
  const { dependencies, details } = Readiness.parse(await answer.json());
  assertEquals([dependencies, details], [{ redis: "ok" }, { consumer: { shards: [1] } }]);
});
