import { assert, assertEquals, assertRejects } from "@std/assert";
import { rawAnswer, RefusedByEngineError } from "./raw_answer.ts";

const never = new AbortController().signal;

/** A server on a socket of its own that says `parts` to whoever asks, then hangs up unless `stays`. */
async function server(parts: readonly string[], stays = false) {
  const folder = await Deno.makeTempDir();
  const listener = Deno.listen({ transport: "unix", path: `${folder}/socket` });
  const asked: string[] = [];
  const open: Deno.Conn[] = [];
  const serve = async (connection: Deno.Conn) => {
    const buffer = new Uint8Array(1_024);
    const count = await connection.read(buffer).catch(() => null);
    asked.push(new TextDecoder().decode(buffer.subarray(0, count ?? 0)));
    for (const part of parts) {
      await connection.write(new TextEncoder().encode(part));
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    if (stays) await connection.read(buffer).catch(() => {});
    closeQuietly(connection);
  };
  const serving = (async () => {
    const served: Promise<void>[] = [];
    for await (const connection of listener) {
      open.push(connection);
      served.push(serve(connection));
    }
    for (const connection of open) closeQuietly(connection);
    await Promise.all(served);
  })();
  return {
    host: `unix://${folder}/socket`,
    asked,
    [Symbol.asyncDispose]: async () => {
      listener.close();
      await serving;
      await Deno.remove(folder, { recursive: true });
    },
  };
}

function closeQuietly(connection: Deno.Conn): void {
  try {
    connection.close();
  } catch { /* it is closed */ }
}

/** Resolves to `value` when a fault would show, unless it is disposed of before. */
function patience(value: string) {
  const { promise: over, resolve } = Promise.withResolvers<string>();
  const timer = setTimeout(resolve, 30_000, value);
  return { over, [Symbol.dispose]: () => clearTimeout(timer) };
}

async function textOf(stream: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks = await Array.fromAsync(stream);
  return chunks.map((chunk) => new TextDecoder().decode(chunk)).join("");
}

Deno.test("rawAnswer() asks in HTTP/1.0 and gives the body, wherever it is cut", async () => {
  await using engine = await server(["HTTP/1.0 200 OK\r\nA: b\r", "\n\r", "\nfirst ", "second"]);
  assertEquals(await textOf(await rawAnswer(engine.host, "/some?path", never)), "first second");
  assertEquals(engine.asked, ["GET /some?path HTTP/1.0\r\nHost: docker\r\n\r\n"]);
});

Deno.test("rawAnswer() says with which code and why the engine refused", async () => {
  await using engine = await server(['HTTP/1.0 404 Not Found\r\n\r\n{"message":"No such container: x"}']);
  const error = await assertRejects(() => rawAnswer(engine.host, "/x", never), RefusedByEngineError);
  assertEquals([error.statusCode, error.message.includes("No such container: x")], [404, true]);
});

Deno.test("rawAnswer() fails if the connection ends before the answer begins, and if there is none", async () => {
  await using engine = await server(["HTTP/1.0 200"]);
  await assertRejects(() => rawAnswer(engine.host, "/x", never), Error, "before the end of its head");
  await assertRejects(() => rawAnswer("unix:///nowhere/socket", "/x", never), Deno.errors.NotFound);
});

Deno.test("rawAnswer() gives up at the abort while it waits for the answer", async () => {
  await using engine = await server([], true);
  const stop = new AbortController();
  const answer = rawAnswer(engine.host, "/x", stop.signal);
  setTimeout(() => stop.abort(), 10);
  await assertRejects(() => answer);
});

Deno.test("rawAnswer() does not wait for an answer that was given up before the connection was made", async () => {
  await using engine = await server([], true);
  const answer = rawAnswer(engine.host, "/x", AbortSignal.abort()).then(() => "answered", () => "given up");
  using late = patience("waits");
  assertEquals(await Promise.race([answer, late.over]), "given up");
});

Deno.test("an answer of which little comes holds little memory: there may be thousands of them", async () => {
  await using engine = await server(["HTTP/1.0 200 OK\r\n\r\na line\n"], true);
  const before = Deno.memoryUsage().external;
  const streams = await Promise.all(
    Array.from({ length: 40 }, () => rawAnswer(engine.host, "/x", never)),
  );
  const each = (Deno.memoryUsage().external - before) / streams.length;
  for (const stream of streams) stream.destroy();
  assert(each < 65_536, `${each} bytes each`);
});

Deno.test("rawAnswer() hangs up when its stream is destroyed", async () => {
  await using engine = await server(["HTTP/1.0 200 OK\r\n\r\nmore"], true);
  const stream = await rawAnswer(engine.host, "/x", never);
  stream.destroy(); // else the engine never ends
});
