import { assert, assertEquals } from "@std/assert";
import { decodeEntry, type Entry, entryOf } from "./entry.ts";
import { JobFeed, type Member } from "./job_feed.ts";
import { type Kind, parsePosition, startPosition } from "./position.ts";
import { Progress } from "./progress.ts";

const TIPS = { status: "1-0", logs: "1-0", workflow: "1-0" };

Deno.test("JobFeed writes an event once: members of the same kinds share its bytes", () => {
  const feed = new JobFeed("job");
  const [one, two, other] = [member(feed), member(feed), member(feed, ["status"])];
  feed.push(line(2));
  feed.push(line(3));
  assertEquals(one.chunks, []);
  feed.flush();
  assertEquals([one.chunks.length, one.chunks[0] === two.chunks[0], other.chunks], [1, true, []]);
  assertEquals(one.text.match(/^data: .*$/gm)?.map((data) => JSON.parse(data.slice(6)).seq), [2, 3]);
  feed.flush();
  assertEquals(one.chunks.length, 1);
});

Deno.test("JobFeed tells each event under the id with which its member can come back", () => {
  const feed = new JobFeed("job");
  const [logs, all] = [member(feed), member(feed, ["status", "logs", "workflow"])];
  feed.push(line(2));
  feed.flush();
  assertEquals(/^id: g_0-0_2-0_0-0/m.test(logs.text), true, logs.text);
  assertEquals(/^id: g_1-0_2-0_1-0/m.test(all.text), true, all.text);
});

Deno.test("G11 JobFeed sends a member that does not keep up to history after the last event it took, and no other", () => {
  const feed = new JobFeed("job");
  const [fast, slow] = [member(feed), member(feed)];
  feed.push(line(2));
  feed.flush();
  slow.takes = false;
  for (const seq of [3, 4]) {
    feed.push(line(seq));
    feed.flush();
  }
  assertEquals([fast.chunks.length, fast.leftAfter], [3, []]);
  assertEquals([slow.chunks.length, slow.leftAfter.map((id) => id.split("_")[2])], [1, ["2-0"]]);
});

Deno.test("G11 JobFeed sends what waits before it is much, whether it is asked to or not", () => {
  const feed = new JobFeed("job");
  const one = member(feed);
  for (let seq = 2; one.chunks.length === 0 && seq < 1_000; seq++) feed.push(line(seq, "x".repeat(1_000)));
  assertEquals(one.text.length > 100_000 && one.text.length < 200_000, true, `${one.text.length} characters`);
});

Deno.test("G10 JobFeed sends those to history who miss a line: it may be there", () => {
  const feed = new JobFeed("job");
  const one = member(feed), other = member(feed, ["status"]);
  feed.push(line(2));
  feed.push(line(4));
  assertEquals([one.chunks.length, one.leftAfter.map((id) => id.split("_")[2])], [1, ["2-0"]]);
  assertEquals([other.leftAfter, feed.idle], [[], false]);
});

Deno.test("JobFeed gives bare entries to those who still read history, and nothing after that", () => {
  const feed = new JobFeed("job");
  const mailbox = feed.open();
  assertEquals(feed.idle, false);
  feed.push(line(2));
  mailbox[Symbol.dispose]();
  feed.push(line(3));
  assertEquals([mailbox.take().map(({ id }) => id), feed.idle], [["2-0"], true]);
});

Deno.test("JobFeed writes for each what is news to it: those who stand elsewhere share nothing with the others", () => {
  const feed = new JobFeed("job");
  const first = member(feed);
  feed.push(line(2));
  feed.flush();
  const [late, alike] = [member(feed), member(feed)];
  for (const seq of [2, 3]) feed.push(line(seq));
  feed.flush();
  assertEquals([first, late, alike].map(({ text }) => text.match(/"seq":\d/g)?.length), [2, 2, 2]);
  assertEquals([late.chunks[0] === alike.chunks[0], late.chunks[0] === first.chunks[1]], [true, false]);
});

Deno.test("G10 JobFeed tells a state that Redis lost to whom it is news, and not again to those who were told it", () => {
  const feed = new JobFeed("job");
  const position = { ...startPosition("g"), ...TIPS };
  const told = new Progress(position, { complete: false });
  told.pass(status("2-0"), true);
  const was = parsePosition(told.id(new Set(["status"])));
  assert(was);
  // After the loss, the one comes back and the other comes for the first time: both orders, as either may be first.
  for (const positions of [[was, position], [position, was]]) {
    const members = positions.map((stands) => {
      const one = fake(["status"]);
      feed.join(one, new Progress(stands, { complete: false }));
      return one;
    });
    feed.push(status("9-0"));
    feed.flush();
    assertEquals(members.map(({ chunks }) => chunks.length), positions[0] === was ? [0, 1] : [1, 0]);
    for (const one of members) feed.remove(one);
  }
});

Deno.test("JobFeed is idle once its last member has gone, and forgets where they were", () => {
  const feed = new JobFeed("job");
  const one = member(feed);
  assertEquals(feed.idle, false);
  feed.remove(one);
  assertEquals(feed.idle, true);
  feed.push(line(2));
  feed.flush();
  assertEquals(one.chunks, []);
});

interface FakeMember extends Member {
  /** Whether it keeps up. */
  takes: boolean;
  readonly chunks: Uint8Array[];
  readonly leftAfter: string[];
  readonly text: string;
}

/** A member that remembers what it is told. */
function fake(kinds: readonly Kind[]): FakeMember {
  const chunks: Uint8Array[] = [];
  const leftAfter: string[] = [];
  return {
    kinds: new Set(kinds),
    takes: true,
    chunks,
    leftAfter,
    get text() {
      return chunks.map((chunk) => new TextDecoder().decode(chunk)).join("");
    },
    take(chunk: Uint8Array): boolean {
      if (this.takes) chunks.push(chunk);
      return this.takes;
    },
    leave: (lastId: string) => void leftAfter.push(lastId),
  };
}

/** One that stands at the beginning, and has joined. */
function member(feed: JobFeed, kinds: readonly Kind[] = ["logs"]) {
  const member = fake(kinds);
  const progress = new Progress({ ...startPosition("g"), ...TIPS }, { complete: false });
  feed.join(member, progress);
  return member;
}

function line(seq: number, text = "a line"): Entry {
  const event = { event_id: `e${seq}`, job_id: "job", job_type: "plugin", container_id: "abcde", line: text };
  const data = JSON.stringify({ ...event, stream: "stdout", eos: false, timestamp: TIME, seq });
  const entry = decodeEntry("logs", { position: `${seq}-0`, data }, "job");
  if (!entry) throw new Error(`Cannot make a line: ${data} is none`);
  return entry;
}

function status(id: string): Entry {
  const event = { event_id: "started", job_id: "job", job_type: "plugin", container_id: "abcde" };
  return entryOf("status", id, { ...event, status: "started", timestamp: TIME }, "{}");
}

const TIME = "2026-01-15T10:00:00.123456+00:00";
