import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import type { Readable } from "node:stream";
import {
  deadline,
  type EngineUnderTest,
  firstOutput,
  IS_REAL,
  logText,
  openEngine,
  refusal,
} from "./process_engine/test_engine.ts";

let engine: EngineUnderTest;
Deno.test.beforeAll(async () => {
  engine = await openEngine();
});
Deno.test.afterAll(async () => {
  await engine[Symbol.asyncDispose]();
});

interface Seen {
  Action: string;
  Actor: { ID: string; Attributes: Record<string, string> };
  time: number;
}

interface EventQuery {
  since?: number;
  until?: number;
  filters?: { container?: string[]; event?: string[] };
}

/** Reads container events of this test run until `enough` says so. `begun` is told when the engine has begun to tell. */
async function readEvents(
  query: EventQuery,
  enough: (seen: readonly Seen[]) => boolean,
  begun: () => void = () => {},
): Promise<Seen[]> {
  const { filters: more, ...times } = query;
  const filters = { type: ["container" as const], label: [engine.label], ...more };
  const stream = await engine.docker.getEvents({ ...times, filters }) as unknown as Readable;
  begun();
  let text = "";
  const seen = () => text.split("\n").slice(0, -1).map((line): Seen => JSON.parse(line));
  for await (const chunk of stream) {
    text += chunk;
    if (enough(seen())) break;
  }
  stream.destroy();
  return seen();
}

const until = (action: string) => (seen: readonly Seen[]) => seen.at(-1)?.Action === action;
const actions = (seen: readonly Seen[]) => seen.map(({ Action }) => Action);
const PAST = "0001-01-01T00:00:00Z";

Deno.test("a container's way from creation to removal shows in what inspect says", async () => {
  const container = await engine.create("exit 3", { name: `way-${crypto.randomUUID()}`, Env: ["A=b"] });
  const created = await container.inspect();
  assertMatch(created.Id, /^[0-9a-f]{64}$/);
  assertMatch(created.Name, /^\/way-/);
  assertMatch(created.Created, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{1,9}Z$/);
  assertEquals(created.Config.Cmd, ["sh", "-c", "exit 3"]);
  assertEquals(created.Config.Env, ["A=b"]);
  const { Status, StartedAt, FinishedAt, Pid } = created.State;
  assertEquals([Status, StartedAt, FinishedAt, Pid], ["created", PAST, PAST, 0]);
  await container.start();
  assertEquals(await container.wait(), { Error: null, StatusCode: 3 });
  const { State } = await container.inspect();
  assertEquals([State.Status, State.Running, State.ExitCode, State.Pid], ["exited", false, 3, 0]);
  // With the real engine a short run may end before it began: it dates the beginning when its daemon notices.
  assert(created.Created < State.StartedAt && created.Created < State.FinishedAt);
  await container.remove();
  assertEquals((await refusal(container.inspect())).status, 404);
});

Deno.test("events tell what happened to a container, in order, with its labels and exit code", async () => {
  const since = Math.floor(Date.now() / 1000);
  const name = `told-${crypto.randomUUID()}`;
  const begun = Promise.withResolvers<void>();
  const live = readEvents({ filters: { container: [name] } }, until("destroy"), begun.resolve);
  await begun.promise;
  const container = await engine.run("exit 5", { name, Labels: { color: "light blue" } });
  await container.remove();
  const mine = await live;
  assertEquals(actions(mine), ["create", "start", "die", "destroy"]);
  for (const { Actor: { Attributes } } of mine) {
    assertEquals([Attributes.color, Attributes.image], ["light blue", engine.image]);
  }
  assertEquals(mine[2]?.Actor.Attributes.exitCode, "5");
  const replayed = await readEvents({
    since,
    until: Date.now() / 1000 + 1,
    filters: { container: [container.id] },
  }, () => false);
  assertEquals(replayed, mine);
  const dies = await readEvents(
    { since, filters: { container: [container.id], event: ["die"] } },
    until("die"),
  );
  assertEquals(actions(dies), ["die"]);
});

Deno.test("stop and kill are told by events, and SIGKILL ends with exit code 137", async () => {
  const since = Math.floor(Date.now() / 1000);
  const container = await engine.create("trap 'exit 7' TERM; echo ready; while :; do sleep 0.1; done");
  await container.start();
  await firstOutput(container);
  await container.stop();
  assertEquals((await container.inspect()).State.ExitCode, 7);
  await container.start();
  await container.kill();
  assertEquals((await container.inspect()).State.ExitCode, 137);
  const seen = await readEvents(
    { since, filters: { container: [container.id] } },
    (seen) => seen.length === 8,
  );
  assertEquals(actions(seen), ["create", "start", "kill", "die", "stop", "start", "kill", "die"]);
  assertEquals(seen.map(({ Actor }) => Actor.Attributes.signal).filter(Boolean), ["15", "9"]);
});

Deno.test("a process without a handler for a signal is not reached by it, as the first of a container is not", async () => {
  const container = await engine.create("sleep 100");
  await container.start();
  await container.kill({ signal: "SIGUSR1" });
  assertEquals((await container.inspect()).State.Running, true);
  await container.stop({ t: 0 });
  assertEquals((await container.inspect()).State.ExitCode, 137);
});

// Left out for the real engine: its processes are out of a test's reach.
Deno.test(
  "no process outlives the one that its container is, however that ends",
  { ignore: IS_REAL },
  async () => {
    const script =
      `trap 'exit 3' TERM; mkfifo "$PIPE"; sleep 1000 > "$PIPE" & echo ready; while :; do sleep 0.1; done`;
    for (const [signal, exitCode] of [["SIGTERM", 3], ["SIGKILL", 137]] as const) {
      const pipe = `${engine.folder}/${signal}`;
      const container = await engine.create(script, { Env: [`PIPE=${pipe}`] });
      await container.start();
      await firstOutput(container);
      using reader = await Deno.open(pipe); // opens when the child has it open, ends when nobody has any more
      await container.kill({ signal });
      assertEquals((await container.wait()).StatusCode, exitCode);
      assertEquals(await deadline(reader.read(new Uint8Array(1)), 60_000), null);
    }
  },
);

Deno.test("starting twice is no mistake, removing or killing at the wrong moment is", async () => {
  const container = await engine.create("sleep 100");
  assertEquals((await refusal(container.kill())).status, 409);
  await container.start();
  assertEquals((await refusal(container.start())).status, 304);
  const removal = await refusal(container.remove());
  assertEquals(removal.status, 409);
  assertStringIncludes(removal.message, "You cannot remove a running container");
  assertEquals((await refusal(container.kill({ signal: "NONSENSE" }))).status, 400);
  await container.remove({ force: true });
  assertEquals((await refusal(container.remove())).status, 404);
});

Deno.test("a name is given once, until its container is removed", async () => {
  const name = `name-${crypto.randomUUID()}`;
  const first = await engine.create("true", { name });
  const conflict = await refusal(engine.create("true", { name }));
  assertEquals(conflict.status, 409);
  assertStringIncludes(
    conflict.message,
    `The container name "/${name}" is already in use by container "${first.id}"`,
  );
  await first.remove();
  await (await engine.create("true", { name })).remove();
});

Deno.test("a container whose program does not exist is refused at start and stays created", async () => {
  const container = await engine.create("", { Cmd: ["no-such-program"] });
  const { status, message } = await refusal(container.start());
  assertEquals(status, 400);
  assertStringIncludes(message, 'exec: "no-such-program": executable file not found in $PATH');
  const { State } = await container.inspect();
  assertEquals([State.Status, State.ExitCode, State.Error, State.StartedAt], ["created", 127, message, PAST]);
  const seen = await readEvents({
    since: 1,
    until: Date.now() / 1000,
    filters: { container: [container.id] },
  }, () => false);
  assertEquals(actions(seen), ["create"]);
});

Deno.test("unknown images, containers and paths are answered with 404", async () => {
  const unknown = await refusal(engine.create("true", { Image: "example/unknown:9" }));
  assertEquals(unknown, { status: 404, message: "No such image: example/unknown:9" });
  assertEquals((await refusal(engine.docker.getImage("example/unknown:9").inspect())).status, 404);
  const missing = await refusal(engine.docker.getContainer("no-such-container").inspect());
  assertEquals(missing, { status: 404, message: "No such container: no-such-container" });
});

// Left out for the real engine: it would ask a registry.
Deno.test("a pull of an image that is not there is refused", { ignore: IS_REAL }, async () => {
  const { status, message } = await refusal(engine.docker.pull("example/unknown:9"));
  assertEquals(status, 404);
  assertStringIncludes(message, "pull access denied for example/unknown");
  await engine.docker.pull(engine.image);
});

Deno.test("containers are found by name, id and unique beginning of an id, and listed by filters", async () => {
  const name = `found-${crypto.randomUUID()}`;
  const container = await engine.run("true", { name, Labels: { found: name } });
  for (const reference of [name, container.id, container.id.slice(0, 16)]) {
    assertEquals((await engine.docker.getContainer(reference).inspect()).Id, container.id);
  }
  const list = async (all: boolean, filters: Record<string, string[]>) =>
    (await engine.docker.listContainers({ all, filters })).map(({ Id }) => Id);
  assertEquals(await list(true, { label: [`found=${name}`] }), [container.id]);
  assertEquals(await list(false, { label: [`found=${name}`] }), []);
  assertEquals(await list(true, { name: [name] }), [container.id]);
  assertEquals(await list(false, { status: ["exited"], id: [container.id.slice(0, 20)] }), [container.id]);
  assertEquals(await list(true, { status: ["running"], name: [name] }), []);
  const [summary] = await engine.docker.listContainers({ all: true, filters: { name: [name] } });
  assertEquals([summary?.Names, summary?.State, summary?.Image], [[`/${name}`], "exited", engine.image]);
  assertEquals((await refusal(list(true, { nonsense: ["x"] }))).status, 400);
});

// Left out for the real engine: it mounts, and not necessarily on this machine.
Deno.test("bind mounts are found where the container expects them", { ignore: IS_REAL }, async () => {
  const folder = `${engine.folder}/binds`;
  await Deno.mkdir(`${folder}/in`, { recursive: true });
  await Deno.writeTextFile(`${folder}/in/a.txt`, "hello");
  const container = await engine.run(
    'cat "$IN"/a.txt > /share/outgoing/b.txt; echo "$0 $1"; ls /share/outgoing',
    {
      Cmd: [
        "sh",
        "-c",
        'cat "$IN"/a.txt > /share/outgoing/b.txt; echo "$0" $1',
        "/share/incoming/",
        "/else/share/incoming",
      ],
      Env: ["IN=/share/incoming"],
      HostConfig: {
        Binds: [`${folder}/in:/share/incoming:ro`, `${folder}/in/out:/share/outgoing`],
      },
    },
  );
  assertEquals(await logText(container), `${folder}/in/ /else/share/incoming\n`);
  assertEquals(await Deno.readTextFile(`${folder}/in/out/b.txt`), "hello");
  const { Config, Mounts } = await container.inspect();
  assertEquals(Config.Cmd?.at(-2), "/share/incoming/");
  assertEquals(Mounts.map(({ Destination, RW }) => [Destination, RW]), [["/share/incoming", false], [
    "/share/outgoing",
    true,
  ]]);
});
