import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { type Entry, entryOf } from "./entry.ts";
import { KINDS, MAX_MARKS, parsePosition, type Position, startPosition } from "./position.ts";
import { Progress } from "./progress.ts";

const ALL = new Set(KINDS);
const CONTAINER = "c".repeat(64);
const timeOf = (second: number) => new Date(1_768_478_400_000 + second * 1_000).toISOString();

function line(id: string, seq: number, { container = CONTAINER, second = seq } = {}): Entry {
  const event = { event_id: `line ${seq}`, job_type: "plugin", container_id: container, seq };
  return entryOf("logs", id, { ...event, timestamp: timeOf(second) }, "{}");
}

function status(id: string, name: string, second: number): Entry {
  const event = { event_id: `status ${name} ${second}`, job_type: "plugin", container_id: CONTAINER };
  return entryOf("status", id, { ...event, status: name, timestamp: timeOf(second) }, "{}");
}

/** Where the start of another container stands. */
function stepOf(letter: string) {
  return { container: `p${letter.repeat(5)}`, stage: 2, place: 0, ms: 1_768_478_403_000 };
}

function workflow(id: string, step: string): Entry {
  return entryOf("workflow", id, { event_id: `workflow ${step}`, current_step: step }, "{}");
}

/** Looks at each entry and passes it; what was found of each. */
function follow(progress: Progress, from: "store" | "stream", ...entries: Entry[]) {
  return entries.map((entry) => {
    const found = progress.look(entry, from);
    progress.pass(entry, found !== "old");
    return found;
  });
}

const fresh = () => new Progress(startPosition("g"), { complete: true });
const position = (progress: Progress): Position => {
  const read = parsePosition(progress.id(ALL));
  assert(read);
  return read;
};
/** A client that comes back with the id of the last event it saw. */
const back = (progress: Progress) => new Progress(position(progress), { complete: false });

Deno.test("Progress takes each line for news once, and looking alone changes nothing", () => {
  const progress = fresh();
  assertEquals([progress.look(line("1-0", 1), "stream"), progress.look(line("1-0", 1), "stream")], [
    "news",
    "news",
  ]);
  assertEquals(follow(progress, "stream", line("1-0", 1), line("1-0", 1), line("2-0", 2)), [
    "news",
    "old",
    "news",
  ]);
  assertEquals(progress.at("logs"), "2-0");
});

Deno.test("G14 Progress knows a line that was told again under a later entry id", () => {
  const progress = fresh();
  follow(progress, "stream", line("1-0", 1), line("2-0", 2));
  assertEquals(follow(progress, "stream", line("8-0", 1), line("9-0", 2), line("10-0", 3)), [
    "old",
    "old",
    "news",
  ]);
  const returned = back(progress);
  assertEquals(follow(returned, "stream", line("20-0", 2), line("21-0", 3), line("22-0", 4)), [
    "old",
    "old",
    "news",
  ]);
});

Deno.test("G14 Progress holds what is stored against what was seen before the pass, not during it", () => {
  const progress = fresh();
  follow(progress, "stream", line("5-0", 1));
  progress.beginPass("g");
  // Lines 2 and 3 were stored in the order in which they were told at last.
  assertEquals(follow(progress, "store", line("6-0", 3)), [{ from: 2, to: 2 }]);
  assertEquals(follow(progress, "store", line("7-0", 2), line("8-0", 1)), ["news", "old"]);
});

Deno.test("G10 Progress names the lines that are missing, also before the first one of a client that wants all", () => {
  assertEquals(follow(fresh(), "stream", line("1-0", 3)), [{ from: 1, to: 2 }]);
  const tailing = new Progress(startPosition("g"), { complete: false });
  assertEquals(follow(tailing, "stream", line("1-0", 3), line("2-0", 6)), ["news", { from: 4, to: 5 }]);
});

Deno.test("Progress tells a state again neither live nor to a client that came back, but a new one of the same name", () => {
  const progress = fresh();
  const told = [status("1-0", "started", 1), status("2-0", "finishedWithError", 2)];
  assertEquals(follow(progress, "stream", ...told), ["news", "news"]);
  for (const one of [progress, back(progress)]) {
    const again = [status("8-0", "started", 1), status("9-0", "finishedWithError", 2)];
    assertEquals(follow(one, "stream", ...again, status("10-0", "started", 50)), ["old", "old", "news"]);
  }
});

Deno.test("G14 Progress counts workflow events for who comes back, and recalls them also where they are told live again", () => {
  const progress = fresh();
  follow(progress, "stream", workflow("1-0", "copy"), workflow("2-0", "plugin"));
  const returned = back(progress);
  assertEquals(position(returned).workflowEvents, 2, "before history was read, too");
  returned.recall(["copy", "plugin", "upload"].map((step) => `workflow ${step}`));
  const again = [workflow("7-0", "copy"), workflow("8-0", "plugin"), workflow("9-0", "upload")];
  assertEquals(follow(returned, "stream", ...again), ["old", "old", "news"]);
});

Deno.test("G14 Progress tells a state that was lost unseen, though later ones of its container were told", () => {
  const progress = fresh();
  follow(progress, "stream", status("1-0", "notStarted", 1), status("3-0", "finishedSuccessfully", 3));
  const again = [status("7-0", "notStarted", 1), status("8-0", "started", 2)];
  assertEquals(follow(back(progress), "stream", ...again), ["old", "news"]);
});

Deno.test("G14 Progress tells states that were recorded and lost unseen to who came past them, of new containers, too", () => {
  const lost = () => [
    status("2-0", "notStarted", 1),
    status("3-0", "started", 2),
    status("4-0", "finishedWithError", 3),
  ];
  const confirmed = fresh();
  follow(confirmed, "stream", status("9-0", "confirmed_finishedWithError", 3));
  const elsewhere = fresh();
  follow(elsewhere, "stream", { ...status("9-0", "started", 3), step: stepOf("d") });
  for (const one of [confirmed, back(confirmed), elsewhere, back(elsewhere)]) {
    assertEquals(follow(one, "store", ...lost()), ["news", "news", "news"]);
  }
  const full = fresh();
  for (const letter of "defghijklmnopqrstuvwxyz0123".slice(0, MAX_MARKS)) {
    follow(full, "stream", { ...status("9-0", "started", 3), eventId: letter, step: stepOf(letter) });
  }
  assertEquals(
    follow(back(full), "store", ...lost()),
    ["old", "old", "old"],
    "its mark may have had no room",
  );
});

Deno.test("G14 Progress tells lines that were stored and lost unseen before the loss was noticed, and no others again", () => {
  const progress = new Progress(startPosition("g"), { complete: false });
  follow(progress, "stream", line("100000-0", 1), line("100009-0", 1, { container: "d".repeat(64) }));
  progress.beginPass("g");
  assertEquals(progress.at("logs"), "100009-0");
  progress.beginPass("h");
  const stored = [
    line("100000-0", 1),
    line("100001-0", 2),
    line("100009-0", 1, { container: "d".repeat(64) }),
  ];
  const leftOut = line("100002-0", 7, { container: "e".repeat(64) });
  assertEquals(follow(progress, "store", ...stored, leftOut), ["old", "news", "old", "old"]);
  assertEquals(progress.at("logs"), "100009-0");
});

Deno.test("G14 Progress tells what Redis lost unseen, though the position is behind it by now", () => {
  const progress = fresh();
  follow(progress, "stream", status("1-0", "notStarted", 1), status("3-0", "finishedSuccessfully", 3));
  follow(progress, "stream", workflow("5-0", "copy"));
  const lost = [status("2-0", "started", 2), workflow("4-0", "plugin")];
  assertEquals(follow(progress, "store", ...lost), ["news", "news"]);
  assertEquals(follow(progress, "store", ...lost), ["old", "old"]);
});

Deno.test("Progress tells nothing again of the first life of a container that was started again", () => {
  const progress = fresh();
  const first = [
    status("1-0", "notStarted", 1),
    status("2-0", "started", 2),
    status("3-0", "finishedWithError", 3),
  ];
  follow(progress, "stream", ...first, status("9-0", "started", 60));
  assertEquals(follow(back(progress), "store", ...first), ["old", "old", "old"]);
});

Deno.test("Progress tells no state again of a process that ended before it started, by the runtime's account", () => {
  const progress = fresh();
  const told = [
    status("1-0", "finishedSuccessfully", 2),
    status("2-0", "notStarted", 1),
    status("3-0", "started", 2.5),
  ];
  assertEquals(follow(progress, "stream", ...told), ["news", "news", "news"]);
  assertEquals(follow(back(progress), "stream", status("9-0", "finishedSuccessfully", 2)), ["old"]);
});

Deno.test("Progress is over with the last workflow event, and not any more when the job goes on", () => {
  const progress = fresh();
  follow(progress, "stream", workflow("1-0", "completed"));
  assert(progress.over);
  follow(progress, "stream", workflow("2-0", "plugin"));
  assert(!progress.over);
  follow(progress, "stream", workflow("9-0", "completed"));
  assert(progress.over, "also if it was told before");
});

Deno.test("id() tells nothing of kinds that the client does not see, and is read back as a position", () => {
  const progress = fresh();
  follow(progress, "stream", status("1-0", "started", 1), line("2-0", 1), workflow("3-0", "plugin"));
  const { status: statusAt, logs, workflow: workflowAt, workflowEvents, marks } = parsePosition(
    progress.id(new Set(["logs"])),
  ) ?? startPosition("");
  assertEquals([statusAt, logs, workflowAt, workflowEvents], ["0-0", "2-0", "0-0", 0]);
  assertEquals([...marks.values()].map(({ stages, place }) => [stages, place]), [[0, 2]]);
  assert(parsePosition(progress.id(ALL, { ended: true }))?.ended);
});

Deno.test("id() has the marks of the containers with the latest news, a bounded number", () => {
  const progress = fresh();
  const containers = Array.from("abcdefghijklmnopqrstuvwxyz", (letter) => letter.repeat(64));
  for (const [n, container] of containers.entries()) {
    follow(progress, "stream", line(`${n + 1}-0`, 1, { container }));
  }
  assertEquals(
    [...position(progress).marks.keys()],
    containers.slice(-MAX_MARKS).map((container) => `p${container.slice(0, 5)}`),
  );
});

Deno.test("Two that have seen the same stand at the same place, however they came there", () => {
  const stayed = fresh(), other = fresh();
  follow(stayed, "stream", status("1-0", "notStarted", 1), workflow("2-0", "copy"), line("3-0", 1));
  assertNotEquals(stayed.standing(ALL), other.standing(ALL));
  follow(other, "store", line("3-0", 1));
  assertEquals(stayed.standing(new Set(["logs"])), other.standing(new Set(["logs"])), "as far as these see");
  assertNotEquals(stayed.standing(ALL), other.standing(ALL));
  follow(other, "store", status("1-0", "notStarted", 1), workflow("2-0", "copy"));
  follow(stayed, "stream", line("4-0", 2));
  const returned = back(stayed);
  returned.recall(["workflow copy"]);
  follow(returned, "store", status("1-0", "notStarted", 1), workflow("2-0", "copy"), line("4-0", 2));
  const alsoReturned = back(returned);
  follow(alsoReturned, "store", workflow("2-0", "copy"), status("1-0", "notStarted", 1));
  assertEquals(returned.standing(ALL), alsoReturned.standing(ALL));
});

Deno.test("G10 Two stand at the same place only if they were told the same states, though neither finds a trace of them", () => {
  const told = fresh();
  const found = [status("1-0", "notStarted", 1), line("2-0", 1)];
  const lost = (id: string) => status(id, "finishedSuccessfully", 2);
  follow(told, "stream", ...found, lost("3-0"));
  const stayed = back(told), came = fresh();
  for (const one of [stayed, came]) follow(one, "store", ...found);
  assertNotEquals(stayed.standing(ALL), came.standing(ALL));
  assertEquals([stayed, came].map((one) => follow(one, "stream", lost("9-0"))), [["old"], ["news"]]);
});
