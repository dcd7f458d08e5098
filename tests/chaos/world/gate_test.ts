import { assertEquals, assertRejects } from "@std/assert";
import { sleep } from "lib/run/sleep.ts";
import { tcpGate } from "./gate.ts";

/** A server that says everything back. */
function echo() {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  (async () => {
    for await (const connection of listener) connection.readable.pipeTo(connection.writable).catch(() => {});
  })();
  return { port: listener.addr.port, [Symbol.dispose]: () => listener.close() };
}

const connect = (port: number) => Deno.connect({ hostname: "127.0.0.1", port });

async function say(connection: Deno.Conn, text: string): Promise<void> {
  await connection.write(new TextEncoder().encode(text));
}

/** What comes next; null when the connection has ended. */
async function hear(connection: Deno.Conn): Promise<string | null> {
  const buffer = new Uint8Array(100);
  try {
    const count = await connection.read(buffer);
    return count === null ? null : new TextDecoder().decode(buffer.subarray(0, count));
  } catch {
    return null;
  }
}

Deno.test("Gate passes bytes both ways", async () => {
  using server = echo();
  const { gate, port } = tcpGate("test", server.port);
  await using _gate = gate;
  using connection = await connect(port);
  await say(connection, "hello");
  assertEquals(await hear(connection), "hello");
});

Deno.test("Gate that refuses cuts what is open and takes nothing new, until it is opened again", async () => {
  using server = echo();
  const { gate, port } = tcpGate("test", server.port);
  await using _gate = gate;
  using connection = await connect(port);
  await say(connection, "hello");
  await hear(connection);
  await gate.set("refuse");
  assertEquals(await hear(connection), null);
  await assertRejects(() => connect(port), Deno.errors.ConnectionRefused);
  await gate.set("pass");
  using again = await connect(port);
  await say(again, "hello");
  assertEquals(await hear(again), "hello");
});

Deno.test("Gate that is mute holds bytes back, and lets them go on late", async () => {
  using server = echo();
  const { gate, port } = tcpGate("test", server.port);
  await using _gate = gate;
  using connection = await connect(port);
  await say(connection, "a");
  await hear(connection);
  await gate.set("mute");
  await say(connection, "late");
  let heard: string | null | undefined;
  const hearing = hear(connection).then((text) => heard = text);
  await sleep(150); // long enough for an answer that should not come
  assertEquals(heard, undefined);
  await gate.set("pass");
  assertEquals(await hearing, "late");
});

Deno.test("Gate ends a connection where nothing is behind it", async () => {
  const server = echo();
  const { gate, port } = tcpGate("test", server.port);
  await using _gate = gate;
  server[Symbol.dispose]();
  using connection = await connect(port);
  assertEquals(await hear(connection), null);
});
