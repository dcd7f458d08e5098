import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { OutageError } from "../run/outage_error.ts";
import { sleep } from "../run/sleep.ts";
import { DockerEngine } from "./docker_engine.ts";
import { LogsUnavailableError } from "./runtime.ts";

/** An Engine that takes connections and says nothing; counts those that are open. */
async function silentEngine() {
  const folder = await Deno.makeTempDir();
  const listener = Deno.listen({ transport: "unix", path: `${folder}/socket` });
  const connections = new Set<Deno.Conn>();
  let made = 0;
  const serve = async (connection: Deno.Conn) => {
    connections.add(connection);
    made++;
    const buffer = new Uint8Array(1_024);
    while (await connection.read(buffer).catch(() => null) !== null);
    if (connections.delete(connection)) connection.close();
  };
  const serving = (async () => {
    for await (const connection of listener) serve(connection);
  })();
  return {
    host: `unix://${folder}/socket`,
    get made() {
      return made;
    },
    get open() {
      return connections.size;
    },
    [Symbol.asyncDispose]: async () => {
      listener.close();
      await serving;
      for (const connection of connections) connection.close();
      connections.clear();
      await Deno.remove(folder, { recursive: true });
    },
  };
}

const QUESTIONS = {
  "inspect()": (engine: DockerEngine, signal: AbortSignal) => engine.inspect("x", signal),
  "list()": (engine: DockerEngine, signal: AbortSignal) => engine.list("a=b", signal),
  "events()": (engine: DockerEngine, signal: AbortSignal) => engine.events("a=b", 0, signal),
  "logs()": (engine: DockerEngine, signal: AbortSignal) => engine.logs("x", { follow: false }, signal),
  "following logs()": (engine: DockerEngine, signal: AbortSignal) =>
    engine.logs("x", { follow: true }, signal),
};

for (const [name, ask] of Object.entries(QUESTIONS)) {
  Deno.test(`G15 ${name} of an Engine that keeps silent ends with its signal, and leaves no connection open`, async () => {
    await using silent = await silentEngine();
    const engine = new DockerEngine(silent.host);
    const stop = new AbortController();
    const asked = assertRejects(() => ask(engine, stop.signal), OutageError);
    while (silent.open === 0) await sleep(5);
    stop.abort();
    await asked;
    while (silent.open > 0) await sleep(5);
    await assertRejects(() => ask(engine, stop.signal), OutageError);
    await sleep(20); // for a connection that nobody wants
    assertEquals(silent.made, 1, "nothing is asked after the abort");
  });
}

/** An Engine that answers every question with this status and message. */
async function refusingEngine(status: number, message: string) {
  const folder = await Deno.makeTempDir();
  const path = `${folder}/socket`;
  const answer = () => Response.json({ message }, { status });
  const server = Deno.serve({ path, onListen() {} }, answer);
  return {
    engine: new DockerEngine(`unix://${path}`),
    [Symbol.asyncDispose]: async () => {
      await server.shutdown();
      await Deno.remove(folder, { recursive: true });
    },
  };
}

const never = new AbortController().signal;

Deno.test("G3 G8 inspect() takes a container for gone only if the Engine does not know it", async () => {
  {
    await using refusing = await refusingEngine(404, "No such container: x");
    assertEquals(await refusing.engine.inspect("x"), null);
  }
  for (const status of [400, 409, 500, 503]) {
    await using refusing = await refusingEngine(status, "out of breath");
    await assertRejects(() => refusing.engine.inspect("x"), OutageError);
  }
});

Deno.test("G1 G8 logs() gives a log up only if it cannot be read for a reason that stays", async () => {
  for (const follow of [false, true]) {
    for (
      const [status, message, kind] of [
        [404, "No such container: x", LogsUnavailableError],
        [409, "can not get logs from container which is dead or marked for removal", LogsUnavailableError],
        [501, "not implemented", LogsUnavailableError],
        [500, "configured logging driver does not support reading", LogsUnavailableError],
        [500, "error grabbing logs: too many open files", OutageError],
        [503, "out of breath", OutageError],
      ] as const
    ) {
      await using refusing = await refusingEngine(status, message);
      const error = await assertRejects(() => refusing.engine.logs("x", { follow }, never), Error);
      assert(error instanceof kind, `${status} ${message}: ${error}`);
      assertStringIncludes(String(error.cause), message);
    }
  }
});
