import { assertEquals } from "@std/assert";
import { until } from "lib/testing/until.ts";
import { JobStream } from "./event_source.js";

type Listener = Parameters<NonNullable<ConstructorParameters<typeof JobStream>[1]["open"]>>[1];

/** A source that does what the test says. */
class FakeSource {
  static made: FakeSource[] = [];
  closed = false;
  constructor(readonly url: string, readonly listener: Listener) {
    FakeSource.made.push(this);
  }
  close() {
    this.closed = true;
  }
  tell(name: string, data: unknown = {}, lastId = "") {
    if (name === "open") return this.listener.opened();
    this.listener.came([name, typeof data === "string" ? data : JSON.stringify(data)], lastId);
  }
  fail(forGood: boolean) {
    this.listener.failed(forGood);
  }
}

function setup(answers: (number | { status?: number; message: string })[] = []) {
  FakeSource.made = [];
  const states: string[] = [];
  const events: unknown[] = [];
  const waits: number[] = [];
  const stream = new JobStream("job 1", {
    onEvent: (name, data) => events.push([name, data]),
    onState: (state, why) => states.push(why ? `${state}: ${why}` : state),
    open: (url, listener) => new FakeSource(url, listener),
    probe: () => {
      const answer = answers.shift() ?? 500;
      return typeof answer === "number" && answer < 400 ? Promise.resolve(answer) : Promise.reject(answer);
    },
    wait: (attempt) => (waits.push(attempt), 0),
  });
  stream.start();
  return { stream, states, events, waits, source: () => FakeSource.made.at(-1) as FakeSource };
}

/** Lets promises and timers of no delay run, to see that they do nothing. */
const settle = () => new Promise((resolve) => setTimeout(resolve, 5));

Deno.test("JobStream tells history from live, and closes after the end", () => {
  const { states, events, source } = setup();
  assertEquals(source().url, "/events/job%201/all");
  source().tell("open");
  source().tell("logs", { line: "a" }, "1");
  source().tell("caught-up", {}, "2");
  source().tell("end", {}, "3");
  assertEquals(events, [["logs", { line: "a" }]]);
  assertEquals(states, ["connecting", "history", "live", "ended"]);
  assertEquals(source().closed, true);
});

Deno.test("JobStream lets EventSource reconnect by itself after a cut", () => {
  const { states, source } = setup();
  source().tell("open");
  source().tell("caught-up");
  source().fail(false);
  source().tell("open");
  assertEquals(states, ["connecting", "history", "live", "reconnecting", "live"]);
  assertEquals(FakeSource.made.length, 1);
});

Deno.test("G10 JobStream goes on after the last event when EventSource gave up, waiting longer each time", async () => {
  const { stream, states, waits, source } = setup([{ status: 503, message: "away" }, {
    message: "unreachable",
  }, 200]);
  source().tell("open");
  source().tell("logs", {}, "gen:7");
  for (let i = 0; i < 3; i++) {
    source().fail(true);
    await until("opened again", () => FakeSource.made.length === i + 2);
  }
  assertEquals(source().url, "/events/job%201/all?last_event_id=gen%3A7");
  assertEquals(waits, [0, 1, 2]);
  source().tell("logs", {}, "gen:8");
  assertEquals(states.at(-1), "reconnecting");
  source().fail(true);
  await until("opened again", () => FakeSource.made.length === 5);
  assertEquals(waits, [0, 1, 2, 0]);
  stream.stop();
});

Deno.test("JobStream tries again where the service says that it is only the moment that is wrong", async () => {
  const { stream, states, source } = setup([408, 429, 503].map((status) => ({ status, message: "not now" })));
  for (let i = 0; i < 3; i++) {
    source().fail(true);
    await until("opened again", () => FakeSource.made.length === i + 2);
  }
  assertEquals(states.at(-1), "reconnecting");
  stream.stop();
});

Deno.test("JobStream takes «nothing more to come» as the end", async () => {
  const { states, source } = setup([204]);
  source().fail(true);
  await until("told what came of it", () => states.length === 3);
  assertEquals(states.at(-1), "ended");
  assertEquals(FakeSource.made.length, 1);
});

Deno.test("JobStream does not ask again for what it may not see", async () => {
  const { states, source } = setup([{ status: 403, message: "not your job" }]);
  source().fail(true);
  await until("told what came of it", () => states.length === 3);
  assertEquals(states.at(-1), "refused: not your job");
  assertEquals(FakeSource.made.length, 1);
});

Deno.test("G10 JobStream shows an event that it cannot read as a gap", () => {
  const { events, source } = setup();
  source().tell("logs", "{broken", "5");
  source().tell("logs", "null", "6");
  assertEquals(events, Array(2).fill(["gap", { reason: "an event could not be read" }]));
});

Deno.test("JobStream takes a batch in its order, and nothing after the end", () => {
  const { events, states, source } = setup();
  const { listener } = source();
  listener.opened();
  listener.came(
    ["logs", '{"line":"a"}', "caught-up", "{}", "status", '{"status":"started"}', "end", "{}"],
    "9",
  );
  listener.came(["logs", '{"line":"late"}'], "10");
  listener.failed(true);
  assertEquals(events, [["logs", { line: "a" }], ["status", { status: "started" }]]);
  assertEquals(states, ["connecting", "history", "live", "ended"]);
});

Deno.test("JobStream is silent after stop()", async () => {
  const { stream, states, source } = setup([200]);
  source().fail(true);
  stream.stop();
  await settle();
  assertEquals(states, ["connecting", "reconnecting"]);
});
