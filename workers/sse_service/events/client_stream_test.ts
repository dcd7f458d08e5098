import { assertEquals } from "@std/assert";
import { type Connection, directBodyOf } from "../http/direct_body.ts";
import { ClientStream } from "./client_stream.ts";
import { asBytes } from "./event_stream.ts";

const text = (stream: ClientStream) => new Response(stream.body).text();

Deno.test("ClientStream sends what was sent before anybody read it, then the rest, then the end", async () => {
  const stream = new ClientStream(() => {});
  stream.send(asBytes("a"));
  const all = text(stream);
  stream.send(asBytes("b"));
  await Promise.resolve();
  stream.send(asBytes("c"));
  stream.close(asBytes("d"));
  stream.close(asBytes("e"));
  assertEquals([await all, stream.send(asBytes("f")), stream.closed, stream.waiting], [
    "abcd",
    false,
    true,
    0,
  ]);
});

Deno.test("ClientStream that was closed before it was answered with still says why", async () => {
  const stream = new ClientStream(() => {});
  stream.close(asBytes("bye"));
  assertEquals(await text(stream), "bye");
});

Deno.test("G11 ClientStream takes nothing beyond its bound, whoever is to take it, until that has gone out", async () => {
  const stream = new ClientStream(() => {}, 10);
  assertEquals([stream.send(asBytes("x".repeat(9))), stream.send(asBytes("yy")), stream.waiting], [
    true,
    true,
    11,
  ]);
  assertEquals(stream.send(asBytes("z")), false);
  const reader = stream.body.getReader();
  let ready = false;
  const room = stream.ready().then(() => ready = true);
  await reader.read();
  assertEquals([ready, stream.waiting], [false, 2]);
  await Promise.all([reader.read(), reader.read(), room, room.then(() => stream.send(asBytes("w")))]);
  assertEquals(stream.waiting, 0);
});

Deno.test("ClientStream tells once that the client has left, and nothing after its own end", async () => {
  let gone = 0;
  const left = new ClientStream(() => gone++, 1);
  left.send(asBytes("full"));
  const ready = left.ready();
  await left.body.cancel();
  await ready;
  left.gone();
  assertEquals([gone, left.closed, left.send(asBytes("x"))], [1, true, false]);
  const ended = new ClientStream(() => gone++);
  ended.close();
  ended.gone();
  assertEquals(gone, 1);
});

Deno.test("ClientStream writes to a connection that it is given, as it does to a stream", async () => {
  const stream = new ClientStream(() => {}, 10);
  const connection = new FakeConnection();
  stream.send(asBytes("first"));
  directBodyOf(stream.body)?.connect(connection);
  stream.send(asBytes("x".repeat(20)));
  // A connection says that it has drained only if as much was waiting as it says.
  assertEquals([stream.send(asBytes("y".repeat(10))), stream.send(asBytes("z"))], [true, false]);
  const ready = stream.ready();
  connection.waiting = 0;
  stream.drained();
  await ready;
  stream.close(asBytes("last"));
  assertEquals(connection.text, `first${"x".repeat(20)}${"y".repeat(10)}last.`);
});

/** Remembers what it is told; nothing is taken from it. */
class FakeConnection implements Connection {
  readonly drainedFrom = 30;
  waiting = 0;
  text = "";

  write(chunk: Uint8Array): void {
    this.text += new TextDecoder().decode(chunk);
    this.waiting += chunk.byteLength;
  }

  end(): void {
    this.text += ".";
  }
}
