import { assertEquals } from "@std/assert";
import { until } from "lib/testing/until.ts";
import { type Client, Clients } from "./clients.ts";

/** A client that remembers what happens to it. */
function client(clients: Clients, expiresAtMs = Infinity) {
  const told: string[] = [];
  const decoder = new TextDecoder();
  const self: Client & { told: string[] } = {
    told,
    sentAt: 0,
    expiresAtMs,
    beat: (chunk) => void told.push(decoder.decode(chunk)),
    close: (last) => {
      told.push(`end ${last ? decoder.decode(last) : ""}`);
      clients.remove(self);
    },
  };
  return self;
}

Deno.test("Clients gives a sign of life to those who were sent nothing, and to no others", async () => {
  const clients = new Clients(new AbortController().signal, { clock: () => 0, heartbeatMs: 20 });
  const [quiet, busy] = [client(clients), client(clients)];
  for (const one of [quiet, busy]) clients.add(one);
  busy.sentAt = Infinity;
  await until("a sign of life", () => quiet.told.length > 1);
  for (const one of [quiet, busy]) clients.remove(one);
  assertEquals([quiet.told[0], busy.told], [": keep-alive\n\n", []]);
});

Deno.test("G12 Clients ends those whose time is over, by the clock on the wall, and no others", async () => {
  let now = 1_000;
  const clients = new Clients(new AbortController().signal, { clock: () => now, heartbeatMs: 10 });
  const [ends, stays] = [client(clients, 2_000), client(clients, 2_001)];
  for (const one of [ends, stays]) clients.add(one);
  await until("both are looked after", () => ends.told.length > 0 && stays.told.length > 0);
  assertEquals(ends.told.includes("end "), false);
  now = 2_000;
  await until("the end", () => ends.told.at(-1) === "end ");
  const since = stays.told.length;
  await until("the other is still looked after", () => stays.told.length > since);
  clients.remove(stays);
  assertEquals(stays.told.includes("end "), false);
});

Deno.test("G15 Clients sends all away at a stop, each for a time of its own, and those who come later", () => {
  const stop = new AbortController();
  const chances = [0, 0.5, 0.999];
  const clients = new Clients(stop.signal, { clock: () => 0, random: () => chances.shift() ?? NaN });
  const there = [client(clients), client(clients)];
  for (const one of there) clients.add(one);
  stop.abort();
  const late = client(clients);
  clients.add(late);
  assertEquals([...there, late].map(({ told }) => told), [
    ["end retry: 1000\n\n"],
    ["end retry: 3000\n\n"],
    ["end retry: 4996\n\n"],
  ]);
});
