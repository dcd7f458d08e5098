import { assertEquals, assertThrows } from "@std/assert";
import { EngineError } from "./engine_error.ts";
import { EventJournal } from "./event_journal.ts";
import { type Filters, parseFilters } from "./filters.ts";

function openJournal() {
  let now = 0n;
  const journal = new EventJournal(() => now += 10n);
  const tell = (name: string, labels: Record<string, string> = {}) =>
    journal.publish({
      action: "start",
      id: `id-${name}`,
      attributes: { name, image: "example/x:1", ...labels },
    });
  return { journal, tell };
}

async function names(stream: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<string[]> {
  const lines = (await new Response(stream).text()).split("\n").slice(0, -1);
  return lines.map((line) => JSON.parse(line).Actor.Attributes.name);
}

const ANY: Filters = new Map();

Deno.test("EventJournal replays from since up to until, both inclusive, of the latest 256", async () => {
  const { journal, tell } = openJournal();
  for (let n = 1; n <= 300; n++) tell(String(n));
  assertEquals(await names(journal.stream({ since: 2980n, until: 2990n, filters: ANY })), ["298", "299"]);
  assertEquals((await names(journal.stream({ since: 1n, until: 3000n, filters: ANY })))[0], "45");
  assertThrows(() => journal.stream({ since: 2n, until: 1n, filters: ANY }), EngineError, "since");
});

Deno.test("EventJournal gives a listener what follows, without gap after the replay", async () => {
  const { journal, tell } = openJournal();
  tell("before");
  const reader = journal.stream({ since: 1n, filters: ANY }).pipeThrough(new TextDecoderStream()).getReader();
  tell("after");
  assertEquals((await reader.read()).value?.includes('"before"'), true);
  const { value = "" } = await reader.read();
  assertEquals([value.includes('"after"'), value.includes('"timeNano":30}')], [true, true]);
  await reader.cancel();
});

Deno.test("EventJournal filters by kind, name or id, image and labels", async () => {
  const { journal, tell } = openJournal();
  tell("one", { color: "red=ish" });
  tell("two");
  const wanted = (filters: unknown) =>
    names(journal.stream({ since: 0n, until: 1n + 20n, filters: parseFilters(JSON.stringify(filters)) }));
  assertEquals(await wanted({ container: { one: true } }), ["one"]);
  assertEquals(await wanted({ container: ["id-t", "nobody"] }), ["two"]);
  assertEquals(await wanted({ label: ["color"] }), ["one"]);
  assertEquals(await wanted({ label: ["color=red=ish"] }), ["one"]);
  assertEquals(await wanted({ label: ["color=red"] }), []);
  assertEquals(await wanted({ image: ["example/x"], type: ["container"], event: ["start"] }), ["one", "two"]);
  assertEquals(await wanted({ type: ["network"] }), []);
  assertThrows(() => parseFilters("[]"), EngineError, "[]");
});
