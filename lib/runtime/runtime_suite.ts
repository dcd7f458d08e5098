/**
 * The sentences every runtime must make true, whatever containers it watches.
 *
 * @module
 */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { sleep } from "../run/sleep.ts";
import { ChangeWatch } from "../testing/change_watch.ts";
import { type Fragment, LogsUnavailableError, type Runtime } from "./runtime.ts";

/** A runtime with a way to make containers on it. Disposing removes them. */
export interface RuntimeLab extends AsyncDisposable {
  readonly runtime: Runtime;
  /** Makes a container that the runtime watches; it does nothing until told. */
  create(name: string): Promise<LabContainer>;
}

/** A container that does what a test says. */
export interface LabContainer {
  readonly id: string;
  start(): Promise<void>;
  /** Has it write; resolves when it has. */
  write(stream: "stdout" | "stderr", text: string): Promise<void>;
  /** Has its process end with `exitCode`; resolves when the runtime knows. */
  end(exitCode: number): Promise<void>;
  remove(): Promise<void>;
}

/** Registers the suite. `streams`: whether the runtime tells stdout and stderr apart. */
export function describeRuntime(
  kind: string,
  open: () => Promise<RuntimeLab>,
  options: { streams: boolean; ignore?: boolean },
): void {
  const test = (sentence: string, body: (lab: RuntimeLab) => Promise<void>) =>
    Deno.test({
      name: `${kind}: ${sentence}`,
      ignore: options.ignore ?? false,
      fn: async () => {
        await using lab = await open();
        await body(lab);
      },
    });
  describeChanges(test);
  describeInspect(test);
  describeLines(test, options.streams);
}

type Sentence = (sentence: string, body: (lab: RuntimeLab) => Promise<void>) => void;

function describeChanges(test: Sentence): void {
  test("changes() begins with all containers, running or not", async (lab) => {
    const running = await lab.create("running");
    const ended = await lab.create("ended");
    const created = await lab.create("created");
    await Promise.all([running.start(), ended.start()]);
    await ended.end(0);
    await using watch = new ChangeWatch(lab.runtime, 0);
    const first = await watch.next((change) => change.kind === "listed");
    assert(first.kind === "listed" && first.afterGap);
    const listed = new Map(first.containers.map(({ id, running }) => [id, running]));
    assertEquals([running, ended, created].map(({ id }) => listed.get(id)), [true, false, false]);
  });

  test("changes() names a container when it is made, starts, ends and is removed", async (lab) => {
    await using watch = new ChangeWatch(lab.runtime, 0);
    await watch.next((change) => change.kind === "listed");
    const container = await lab.create("seen");
    const seen = () => watch.next((change) => change.kind === "changed" && change.id === container.id);
    await seen();
    for (const act of [() => container.start(), () => container.end(3), () => container.remove()]) {
      await sleep(50); // let what the step before caused come in
      watch.forget();
      await act();
      await seen();
    }
  });

  test("changes() lists all again after relistMs", async (lab) => {
    await using watch = new ChangeWatch(lab.runtime, 50);
    await watch.next((change) => change.kind === "listed");
    const container = await lab.create("late");
    const again = await watch.next((change) =>
      change.kind === "listed" && change.containers.some(({ id }) => id === container.id)
    );
    assert(again.kind === "listed" && !again.afterGap);
  });

  test("changes() ends at the abort", async (lab) => {
    const watch = new ChangeWatch(lab.runtime, 0);
    await watch.next((change) => change.kind === "listed");
    await watch[Symbol.asyncDispose]();
  });
}

function describeInspect(test: Sentence): void {
  test("inspect() follows a container from its making to its removal", async (lab) => {
    const container = await lab.create("life");
    const look = async () => {
      const facts = await lab.runtime.inspect(container.id);
      return facts &&
        { phase: facts.phase, states: facts.life.map(({ status }) => status), ended: facts.endedAt !== null };
    };
    assertEquals(await look(), { phase: "waiting", states: ["notStarted"], ended: false });
    await container.start();
    assertEquals(await look(), { phase: "running", states: ["notStarted", "started"], ended: false });
    await container.end(3);
    assertEquals(await look(), {
      phase: "ended",
      states: ["notStarted", "started", "finishedWithError"],
      ended: true,
    });
    await container.remove();
    assertEquals(await look(), null);
  });

  test("inspect() tells the same facts each time", async (lab) => {
    const container = await lab.create("same");
    await container.start();
    await container.end(0);
    assertEquals(await lab.runtime.inspect(container.id), await lab.runtime.inspect(container.id));
  });
}

function describeLines(test: Sentence, streams: boolean): void {
  const name = (stream: "stdout" | "stderr") => streams ? stream : "";

  test("lines() without follow gives what was written so far, in order, and ends", async (lab) => {
    const container = await lab.create("written");
    await container.start();
    await container.write("stdout", "one\ntwo\n");
    await container.write("stderr", "three\n");
    const expected = [[name("stdout"), "one"], [name("stdout"), "two"], [name("stderr"), "three"]];
    assertEquals((await read(lab, container.id, {})).map(plain), expected);
  });

  test("lines() with follow goes on with what is written, and ends when the container has", async (lab) => {
    const container = await lab.create("followed");
    await container.start();
    await container.write("stdout", "before\n");
    const reading = read(lab, container.id, { follow: true });
    await container.write("stdout", "during\n");
    await container.end(0);
    assertEquals((await reading).map((fragment) => plain(fragment)[1]), ["before", "during"]);
  });

  test("lines() gives an ended container's last line, with no newline, at the latest without follow", async (lab) => {
    const container = await lab.create("tail");
    await container.start();
    await container.write("stdout", "line\n");
    const following = read(lab, container.id, { follow: true });
    await container.write("stdout", "tail");
    await container.end(0);
    const followed = await following;
    const [line, tail] = await read(lab, container.id, {});
    assertEquals([line, tail].map((fragment) => fragment && plain(fragment)[1]), ["line", "tail"]);
    assertEquals([line?.newline, tail?.newline], [true, false]);
    assertEquals(followed, [line, tail].slice(0, followed.length));
  });

  test("lines() since a fragment's time begins with that fragment", async (lab) => {
    const container = await lab.create("since");
    await container.start();
    for (const text of ["a\n", "b\n", "c\n"]) await container.write("stdout", text);
    const [, second] = await read(lab, container.id, {});
    const rest = await read(lab, container.id, { since: second?.time ?? null });
    assertEquals(rest.map((fragment) => plain(fragment)[1]), ["b", "c"]);
  });

  test("lines() ends at the abort while it waits for more", async (lab) => {
    const container = await lab.create("aborted");
    await container.start();
    await container.write("stdout", "only\n");
    const stop = new AbortController();
    for await (const fragments of lab.runtime.lines(container.id, { follow: true }, stop.signal)) {
      assertEquals(fragments.length, 1);
      setTimeout(() => stop.abort(), 20);
    }
    assert(stop.signal.aborted);
  });

  test("lastFragment() is what a whole reading ends with; null without output", async (lab) => {
    const container = await lab.create("last");
    await container.start();
    assertEquals(await lab.runtime.lastFragment(container.id), null);
    await container.write("stdout", "first\nlast\n");
    const fragments = await read(lab, container.id, {});
    const last = await lab.runtime.lastFragment(container.id);
    assertEquals(
      last && [plain(last), last.time],
      fragments.slice(-1).map((fragment) => [plain(fragment), fragment.time])[0],
    );
  });

  test("lines() and lastFragment() say that a removed container has no output to read", async (lab) => {
    const container = await lab.create("removed");
    await container.remove();
    await assertRejects(() => read(lab, container.id, {}), LogsUnavailableError);
    await assertRejects(() => lab.runtime.lastFragment(container.id), LogsUnavailableError);
  });
}

async function read(
  lab: RuntimeLab,
  id: string,
  range: { since?: string | null; follow?: boolean },
): Promise<Fragment[]> {
  const all: Fragment[] = [];
  const { signal } = new AbortController();
  for await (const fragments of lab.runtime.lines(id, { follow: false, ...range }, signal)) {
    all.push(...fragments);
  }
  return all;
}

function plain(fragment: Fragment): [string, string] {
  return [fragment.stream, new TextDecoder().decode(fragment.bytes)];
}
