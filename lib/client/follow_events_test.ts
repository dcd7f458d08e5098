import { assert, assertEquals, assertRejects } from "@std/assert";
import { ChrisError, ChrisOutageError } from "./chris_error.ts";
import { followEvents, type FollowOptions, type OpenStream, type Reconnecting } from "./follow_events.ts";
import type { JobEvent } from "./job_events.ts";

const HEAD = "retry: 1\n\n";
const line = (n: number) => `event: logs\nid: ${n}\ndata: {"line":"${n}"}\n\n`;
const END = "event: end\nid: e\ndata: {}\n\n";

function answer(body: string | ReadableStream<Uint8Array>, status = 200): Response {
  return new Response(body, { status, headers: { "content-type": "text/event-stream; charset=utf-8" } });
}

/** A service that answers connection after connection as scripted, and remembers what was asked. */
function scripted(...answers: (() => Response | Promise<Response>)[]): { open: OpenStream; asked: string[] } {
  const asked: string[] = [];
  const open: OpenStream = async ({ lastEventId }) => {
    asked.push(lastEventId);
    const next = answers.shift();
    if (!next) throw new Error("nobody should have asked again");
    return await next();
  };
  return { open, asked };
}

async function all(open: OpenStream, options: FollowOptions = {}): Promise<JobEvent[]> {
  const events: JobEvent[] = [];
  for await (const event of followEvents(open, { random: () => 0, ...options })) events.push(event);
  return events;
}

const idsOf = (events: readonly JobEvent[]) => events.map(({ id }) => id);

Deno.test("G10 followEvents() goes on after the last event, however connections end, and stops at the end", async () => {
  const broken = () => {
    let sent = false;
    return answer(
      new ReadableStream({
        pull(controller) {
          if (sent) controller.error(new TypeError("connection reset"));
          else controller.enqueue(new TextEncoder().encode(line(3) + "event: logs\nid: 4\ndata: {"));
          sent = true;
        },
      }),
    );
  };
  const outage = () => Promise.reject(new ChrisOutageError("away", { status: 503 }));
  const { open, asked } = scripted(
    () => answer(HEAD + line(1) + line(2)),
    outage,
    broken,
    () => answer(line(4) + END + line(5)),
  );
  const told: Reconnecting[] = [];
  const events = await all(open, { onReconnecting: (what) => told.push(what) });
  assertEquals(idsOf(events), ["1", "2", "3", "4", "e"]);
  assertEquals(asked, ["", "2", "2", "3"]);
  assertEquals(told.map(({ failures }) => failures), [1, 2, 1]);
});

Deno.test("G10 followEvents() keeps its place through a connection whose events have no id", async () => {
  const { open, asked } = scripted(
    () => answer(HEAD + line(1)),
    () => answer('event: logs\ndata: {"line":"2"}\n\n'),
    () => answer(END),
  );
  assertEquals(idsOf(await all(open)), ["1", "1", "e"]);
  assertEquals(asked, ["", "1", "1"]);
});

Deno.test("followEvents() begins where it is told to, and stops when the service has nothing left", async () => {
  const { open, asked } = scripted(() => new Response(null, { status: 204 }));
  assertEquals([await all(open, { from: "7" }), asked], [[], ["7"]]);
});

Deno.test("followEvents() throws what the service refuses and what is no event stream", async () => {
  const refused = scripted(() => Promise.reject(new ChrisError("no", { status: 403, code: "forbidden" })));
  assertEquals((await assertRejects(() => all(refused.open), ChrisError)).status, 403);
  const page = scripted(() => new Response("<html>", { headers: { "content-type": "text/html" } }));
  assertEquals((await assertRejects(() => all(page.open), ChrisError)).code, "unexpected_answer");
  const nonsense = scripted(() => answer("event: logs\ndata: {\n\n"));
  await assertRejects(() => all(nonsense.open), ChrisError, "no JSON");
});

Deno.test("followEvents() waits as long as the service asks, and longer each time", async () => {
  const outage = (retryAfterMs: number | null) => () =>
    Promise.reject(new ChrisOutageError("away", { status: 503, retryAfterMs }));
  const { open } = scripted(() => answer("retry: 50\n\n"), outage(null), outage(120), () => answer(END));
  const delays: number[] = [];
  await all(open, { onReconnecting: ({ delayMs }) => delays.push(delayMs) });
  assertEquals(delays, [50, 100, 200]);
});

Deno.test("followEvents() takes a silent connection for dead, and no slow consumer for one", async () => {
  const silent = () =>
    answer(new ReadableStream({ start: (c) => c.enqueue(new TextEncoder().encode(HEAD)) }));
  const never = () => new Promise<Response>(() => {});
  const { open, asked } = scripted(silent, never, () => answer(line(1) + line(2) + END));
  const told: string[] = [];
  const events: string[] = [];
  const options = {
    stallMs: 60,
    random: () => 0,
    onReconnecting: ({ cause }: Reconnecting) => told.push(cause.message),
  };
  for await (const { id } of followEvents(open, options)) {
    events.push(id);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  assertEquals([events, asked.length], [["1", "2", "e"], 3]);
  assertEquals(told, Array(2).fill("the stream was silent for 60 ms"));
});

Deno.test("followEvents() ends quietly when nobody wants it any more, whatever it waits for", async () => {
  const waits: (() => Response | Promise<Response>)[] = [
    () => new Promise<Response>(() => {}),
    () => answer(new ReadableStream({ start: (c) => c.enqueue(new TextEncoder().encode(line(1))) })),
    () => Promise.reject(new ChrisOutageError("away", { retryAfterMs: 60_000 })),
  ];
  for (const wait of waits) {
    const stop = new AbortController();
    const events = all(scripted(wait).open, { signal: stop.signal });
    setTimeout(() => stop.abort(), 20);
    assert((await events).length <= 1);
  }
});

Deno.test("followEvents() reads no further than its consumer asks, and closes what it leaves", async () => {
  let pulled = 0;
  let cancelled = false;
  const endless = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.enqueue(new TextEncoder().encode(line(++pulled))),
    cancel: () => {
      cancelled = true;
    },
  }, { highWaterMark: 0 });
  let taken = 0;
  for await (const _ of followEvents(scripted(() => answer(endless)).open)) {
    await new Promise((resolve) => setTimeout(resolve, 1));
    assert(pulled <= taken + 2, `${pulled} read for ${taken} taken`);
    if (++taken === 20) break;
  }
  assert(cancelled);
});
