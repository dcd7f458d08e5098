import { assert, assertEquals, assertThrows } from "@std/assert";
import { sleep } from "lib/run/sleep.ts";
import jobLogs from "../../lib/log_store/job_logs_index.json" with { type: "json" };
import { QuickwitStandIn } from "./quickwit.ts";
import { parseQuery, QuerySyntaxError } from "./quickwit_query.ts";

const DOCUMENT = {
  event_id: "e1",
  job_id: "a",
  job_type: "plugin",
  container_name: "a",
  line: "Hello, World of slices",
  stream: "",
  eos: false,
  timestamp: "2026-01-15T12:00:00.120000+00:00",
  entry_ms: 5,
  entry_seq: 0,
};

async function ask(quickwit: QuickwitStandIn, path: string, body?: unknown, type = "application/json") {
  const response = await fetch(`${quickwit.url}/api/v1/${path}`, {
    ...(body === undefined ? {} : {
      method: "POST",
      headers: { "content-type": type },
      body: typeof body === "string" || body instanceof Uint8Array ? body as BodyInit : JSON.stringify(body),
    }),
  });
  return { status: response.status, json: await response.json() };
}

const ndjson = (...documents: unknown[]) => documents.map((document) => JSON.stringify(document)).join("\n");

async function withIndex(options: { commitAfterMs?: number } = {}): Promise<QuickwitStandIn> {
  const quickwit = new QuickwitStandIn(options);
  assertEquals((await ask(quickwit, "indexes", jobLogs)).status, 200);
  return quickwit;
}

async function find(quickwit: QuickwitStandIn, query: string, more: Record<string, unknown> = {}) {
  const { status, json } = await ask(quickwit, "job-logs/search", { query, ...more });
  return status === 200 ? json.hits.map((hit: { event_id: string }) => hit.event_id) : status;
}

Deno.test("the stand-in creates an index once, and knows no other", async () => {
  await using quickwit = await withIndex();
  assertEquals((await ask(quickwit, "indexes", jobLogs)).status, 400);
  assertEquals((await ask(quickwit, "indexes/job-logs")).json.index_config.index_id, "job-logs");
  assertEquals((await ask(quickwit, "indexes/other")).status, 404);
  assertEquals((await ask(quickwit, "other/ingest", "{}")).status, 404);
  assertEquals((await ask(quickwit, "other/search", { query: "*" })).status, 404);
});

Deno.test("the stand-in refuses index configurations that Quickwit would refuse", async () => {
  await using quickwit = new QuickwitStandIn();
  const mapping = jobLogs.doc_mapping;
  const faulty = [
    { ...jobLogs, version: "12" },
    { ...jobLogs, index_id: "1 x" },
    { ...jobLogs, doc_mapping: { ...mapping, timestamp_field: "line" } },
    {
      ...jobLogs,
      doc_mapping: { ...mapping, field_mappings: [...mapping.field_mappings, { name: "x", type: "int" }] },
    },
    {
      ...jobLogs,
      doc_mapping: { ...mapping, field_mappings: [...mapping.field_mappings, { name: "eos", type: "bool" }] },
    },
  ];
  for (const config of faulty) assertEquals((await ask(quickwit, "indexes", config)).status, 400);
});

Deno.test("the stand-in takes documents that fit the mapping and counts the others", async () => {
  await using quickwit = await withIndex();
  const bad = [
    { ...DOCUMENT, extra: 1 },
    { ...DOCUMENT, entry_ms: "5" },
    { ...DOCUMENT, entry_ms: -1 },
    { ...DOCUMENT, eos: "false" },
    { ...DOCUMENT, line: 3 },
    { ...DOCUMENT, timestamp: "yesterday" },
    { ...DOCUMENT, timestamp: undefined },
    [DOCUMENT],
  ];
  const body = `${ndjson(...bad, DOCUMENT)}\n{"half\n\n${ndjson({ ...DOCUMENT, line: "\ud800" })}`;
  const { json } = await ask(quickwit, "job-logs/ingest?commit=force", body);
  assertEquals(json, { num_docs_for_processing: 11, num_ingested_docs: 1, num_rejected_docs: 10 });
  const { json: found } = await ask(quickwit, "job-logs/search", { query: "*" });
  assertEquals(found.hits, [{ ...DOCUMENT, timestamp: "2026-01-15T12:00:00.12Z" }]);
});

Deno.test("the stand-in refuses large bodies, bodies that are not UTF-8, and unknown commit modes", async () => {
  await using quickwit = await withIndex();
  const large = ndjson({ ...DOCUMENT, line: "x".repeat(10 * 1024 * 1024) });
  assertEquals((await ask(quickwit, "job-logs/ingest", large)).status, 413);
  assertEquals((await ask(quickwit, "job-logs/ingest", new Uint8Array([0xff]))).status, 400);
  assertEquals((await ask(quickwit, "job-logs/ingest?commit=now", ndjson(DOCUMENT))).status, 400);
});

Deno.test("the stand-in commits as it is asked: by force at once, otherwise in its own time", async () => {
  await using quickwit = await withIndex({ commitAfterMs: 60_000 });
  await ask(quickwit, "job-logs/ingest", ndjson({ ...DOCUMENT, event_id: "auto" }));
  assertEquals(await find(quickwit, "*"), []);
  const waiting = ask(
    quickwit,
    "job-logs/ingest?commit=wait_for",
    ndjson({ ...DOCUMENT, event_id: "waiting" }),
  );
  assertEquals(await Promise.race([waiting.then(() => "answered"), sleep(50).then(() => "waits")]), "waits");
  assertEquals(await find(quickwit, "*"), []);
  await ask(quickwit, "job-logs/ingest?commit=force", ndjson({ ...DOCUMENT, event_id: "forced" }));
  assertEquals((await waiting).status, 200);
  assertEquals((await find(quickwit, "*")).sort(), ["auto", "forced", "waiting"]);
});

Deno.test("the stand-in sorts plain and + downwards, - upwards, by at most two fast fields", async () => {
  await using quickwit = await withIndex();
  const at = (event_id: string, entry_ms: number, entry_seq: number) => ({
    ...DOCUMENT,
    event_id,
    entry_ms,
    entry_seq,
  });
  await ask(quickwit, "job-logs/ingest?commit=force", ndjson(at("b", 5, 10), at("c", 10, 0), at("a", 5, 9)));
  assertEquals(await find(quickwit, "*", { sort_by: "-entry_ms,-entry_seq" }), ["a", "b", "c"]);
  assertEquals(await find(quickwit, "*", { sort_by: "entry_ms,-entry_seq" }), ["c", "a", "b"]);
  assertEquals(await find(quickwit, "*", { sort_by: "+entry_ms,+entry_seq", max_hits: 2, start_offset: 1 }), [
    "b",
    "a",
  ]);
  for (const sort_by of ["line", "truncated", "nothing", "entry_ms,entry_seq,seq"]) {
    assertEquals(await find(quickwit, "*", { sort_by }), 400, sort_by);
  }
});

Deno.test("the stand-in gives 20 hits unless asked for more, of up to 10,000", async () => {
  await using quickwit = await withIndex();
  const many = Array.from({ length: 30 }, (_, n) => ({ ...DOCUMENT, entry_ms: n }));
  await ask(quickwit, "job-logs/ingest?commit=force", ndjson(...many));
  assertEquals((await find(quickwit, "*")).length, 20);
  assertEquals((await find(quickwit, "*", { max_hits: 25 })).length, 25);
  assertEquals((await ask(quickwit, "job-logs/search", { query: "*", max_hits: 0 })).json, {
    num_hits: 30,
    hits: [],
    errors: [],
  });
  assertEquals(await find(quickwit, "*", { max_hits: 10_001 }), 400);
  assertEquals(await find(quickwit, "*", { start_offset: 10_001 }), 400);
  assertEquals(await find(quickwit, "*", { limit: 5 }), 400);
});

Deno.test("the stand-in finds what a query means", async () => {
  await using quickwit = await withIndex();
  const hostile = 'a" OR job_id:"b\\';
  const documents = [DOCUMENT, {
    ...DOCUMENT,
    event_id: "e2",
    job_id: hostile,
    line: "",
    entry_ms: 6,
    eos: true,
  }];
  await ask(quickwit, "job-logs/ingest?commit=force", ndjson(...documents));
  const expected: Record<string, unknown> = {
    "*": ["e1", "e2"],
    'job_id:"a"': ["e1"],
    "job_id:'a'": ["e1"],
    [`job_id:"${hostile.replace(/["\\]/g, "\\$&")}"`]: ["e2"],
    "eos:true": ["e2"],
    "NOT eos:true": ["e1"],
    "entry_ms:{5 TO *]": ["e2"],
    "entry_ms:[* TO 6}": ["e1"],
    "entry_ms:[5 TO 6] AND (job_id:a OR eos:true)": ["e1", "e2"],
    "entry_ms:[5 TO 6] eos:false": ["e1"],
    "eos:true OR entry_ms:5 AND eos:true": ["e2"],
    'line:"hello world"': ["e1"],
    'line:"world hello"': [],
    "hello": ["e1"],
    'event_id:IN ["e1" "nobody"]': ["e1"],
    "truncated:*": [],
    "timestamp:[2026-01-15T12:00:00Z TO 2026-01-15T12:00:01Z}": ["e1", "e2"],
  };
  for (const [query, ids] of Object.entries(expected)) {
    assertEquals((await find(quickwit, query)).sort(), ids, query);
  }
  assertEquals(await find(quickwit, "*", { start_timestamp: 1768478401 }), []);
});

Deno.test("the stand-in refuses what it cannot parse or answer", async () => {
  await using quickwit = await withIndex();
  const faulty = [
    'job_id:"a',
    'job_id:"a"b',
    "",
    "AND",
    "job_id:",
    "(eos:true",
    "eos:true)",
    "nothing:x",
    "original:x",
  ];
  for (
    const query of [
      ...faulty,
      "entry_ms:[5 TO",
      "entry_ms:[x TO 5]",
      "eos:maybe",
      "line:[a TO b]",
      'line:"x"~2',
    ]
  ) {
    assertEquals(await find(quickwit, query), 400, query);
  }
  assertThrows(() => parseQuery('a:"b" OR'), QuerySyntaxError);
});

Deno.test("the stand-in is away or busy on demand, and keeps what it has", async () => {
  await using quickwit = await withIndex();
  await ask(quickwit, "job-logs/ingest?commit=force", ndjson(DOCUMENT));
  quickwit.refuse(1);
  assertEquals(await find(quickwit, "*"), 429);
  const { url } = quickwit;
  await quickwit.stop();
  assert(await fetch(url).then(() => false, () => true));
  quickwit.start();
  assertEquals(quickwit.url, url);
  assertEquals(await find(quickwit, "*"), ["e1"]);
});
