import { assert, assertEquals, assertMatch } from "@std/assert";
import type { LogEvent } from "lib/event/log.ts";
import { insertLogs } from "lib/log_store/insert_logs.ts";
import { storedLog } from "lib/log_store/suite/entries.ts";
import { HOSTILE_LINES } from "lib/log_store/suite/hostile_texts.ts";
import { type SseBench, startSseBench } from "./sse_bench.ts";

interface History {
  total: number;
  offset: number;
  lines: LogEvent[];
  next: string | null;
  prev: string | null;
}
interface Found {
  total: number;
  total_is_exact: boolean;
  matches: { line_number: number; line: LogEvent }[];
  next: string | null;
}

/** The answer to a GET with these query parameters; fails unless it is `status`. */
async function get<Answer>(
  bench: SseBench,
  path: string,
  query: Record<string, string | number> | [string, string][] = {},
  status = 200,
): Promise<Answer> {
  const parameters = Array.isArray(query)
    ? query
    : Object.entries(query).map(([name, value]) => [name, `${value}`]);
  const response = await fetch(`${bench.url}${path}?${new URLSearchParams(parameters)}`);
  const answer = await response.json();
  assertEquals(
    response.status,
    status,
    `${path} ${JSON.stringify(query)}: ${JSON.stringify(answer).slice(0, 500)}`,
  );
  return answer;
}

/** A job whose steps and streams alternate, with a marker in between. */
async function storeJob(bench: SseBench, jobId: string, count: number): Promise<void> {
  const entries = Array.from({ length: count }, (_, n) =>
    storedLog(`${1_768_478_400_000 + n}-0`, {
      job_id: jobId,
      line: `line ${n + 1}${n % 10 === 9 ? " ERROR: 100% of /tmp_x" : ""}`,
      job_type: n < count / 2 ? "copy" : "plugin",
      stream: n % 2 === 0 ? "stdout" : "stderr",
    }));
  await insertLogs(bench.sql, [
    ...entries,
    storedLog(`${1_768_478_400_000 + count}-1`, { job_id: jobId, eos: true, line: "" }),
  ]);
}

Deno.test("logs over HTTP: a log is paged, searched and downloaded", async (t) => {
  await using bench = await startSseBench();
  await storeJob(bench, "job-1", 250);
  const history = "/logs/job-1/history";
  const numbers = (page: { lines: LogEvent[] }) => page.lines.map(({ line }) => Number(line.split(" ")[1]));
  const upTo = (first: number, last: number) => Array.from({ length: last - first + 1 }, (_, n) => first + n);

  await t.step("by offset, as the reference does", async () => {
    const page = await get<History>(bench, history, { limit: 100, offset: 200 });
    assertEquals([page.total, page.offset, page.next], [250, 200, null]);
    assertEquals(numbers(page), upTo(201, 250));
    assertEquals(numbers(await get<History>(bench, history)), upTo(1, 250));
    const beyond = await get<History>(bench, history, { offset: 1_000_000_000 });
    assertEquals([beyond.lines, beyond.total, beyond.next], [[], 250, null]);
    const nothing = await get<History>(bench, "/logs/nobody/history");
    assertEquals(
      nothing,
      { job_id: "nobody", total: 0, offset: 0, lines: [], next: null, prev: null } as never,
    );
  });

  await t.step("by cursors, from the first line to the last and back", async () => {
    const there: number[] = [];
    let after: string | null = "";
    while (after !== null) {
      const page: History = await get(bench, history, { limit: 60, ...(after ? { after } : {}) });
      assertEquals(page.offset, there.length);
      there.push(...numbers(page));
      after = page.next;
    }
    assertEquals(there, upTo(1, 250));
    let page = await get<History>(bench, history, { tail: 60, type: "copy", stream: "stderr" });
    const back = numbers(page);
    while (page.prev) {
      page = await get(bench, history, { limit: 10, before: page.prev, type: "copy", stream: "stderr" });
      back.unshift(...numbers(page));
    }
    assertEquals(back, upTo(1, 125).filter((n) => n % 2 === 0));
  });

  await t.step("search tells numbers by which history finds the lines", async () => {
    const first = await get<Found>(bench, "/logs/job-1/search", { q: "100% of /tmp_x", limit: 4 });
    assertEquals([first.total, first.total_is_exact], [25, true]);
    const found = [...first.matches];
    for (let cursor = first.next; cursor;) {
      const page: Found = await get(bench, "/logs/job-1/search", { q: "100% of /tmp_x", limit: 4, cursor });
      assertEquals(page.total, 25);
      found.push(...page.matches);
      cursor = page.next;
    }
    assertEquals(found.map(({ line_number }) => line_number), upTo(1, 25).map((n) => n * 10));
    const page = await get<History>(bench, history, { limit: 1, offset: (found[7]?.line_number ?? 0) - 1 });
    assertEquals(page.lines, found[7] && [found[7].line]);
    const counts: [Record<string, string>, number][] = [
      [{ q: "error" }, 0],
      [{ q: "error", ignore_case: "true" }, 25],
      [{ q: "error", ignore_case: "true", type: "plugin" }, 13],
      [{ q: "^LINE \\d*7\\b", regex: "true", ignore_case: "true" }, 25],
      [{ q: "^line \\d*7\\b", regex: "false" }, 0],
      [{ q: "100_ of" }, 0],
      [{ q: "line", stream: "stdout" }, 125],
    ];
    for (const [query, total] of counts) {
      assertEquals(
        (await get<Found>(bench, "/logs/job-1/search", query)).total,
        total,
        JSON.stringify(query),
      );
    }
  });

  await t.step("G2 G13 a download is byte for byte what was written, hostile or not", async () => {
    const entries = HOSTILE_LINES.map((line, n) => storedLog(`${n + 1}-0`, { job_id: "hostile.1", line }));
    await insertLogs(bench.sql, [
      ...entries,
      storedLog("99-0", { job_id: "hostile.1", eos: true, line: "" }),
    ]);
    const response = await fetch(`${bench.url}/logs/hostile.1/download`);
    assertEquals(response.headers.get("content-type"), "text/plain; charset=utf-8");
    assertEquals(response.headers.get("content-disposition"), 'attachment; filename="hostile.1.log"');
    assertEquals(response.headers.get("x-content-type-options"), "nosniff");
    const expected = new TextEncoder().encode(HOSTILE_LINES.map((line) => `${line}\n`).join(""));
    assertEquals(await response.bytes(), expected);
    const stamped = await (await fetch(`${bench.url}/logs/job-1/download?timestamps=true&type=plugin`))
      .text();
    assertMatch(stamped, /^(2026-01-15T12:01:02\.123456\+00:00 line \d+.*\n){125}$/);
    const head = await fetch(`${bench.url}/logs/job-1/download?type=copy`, { method: "HEAD" });
    assertEquals([head.status, await head.text()], [200, ""]);
    assertEquals(head.headers.get("content-disposition"), 'attachment; filename="job-1-copy.log"');
  });

  await t.step(
    "G12 what is not right is told by name, and nothing hostile is a fault of the service",
    async () => {
      const { next } = await get<History>(bench, history, { limit: 5 });
      const { next: found } = await get<Found>(bench, "/logs/job-1/search", { q: "line", limit: 5 });
      assert(next && found);
      const refused: [
        path: string,
        query: Record<string, string | number> | [string, string][],
        field: string,
      ][] = [
        [history, { limit: 0 }, "limit"],
        [history, { limit: "1e3" }, "limit"],
        [history, { limit: 10_001 }, "limit"],
        [history, { offset: "-1" }, "offset"],
        [history, { offset: "9".repeat(400) }, "offset"],
        [history, [["limit", "1"], ["limit", "2"]], "limit"],
        [history, { tail: "\0" }, "tail"],
        [history, { type: "cleanup" }, "type"],
        [history, { stream: "" }, "stream"],
        [history, { after: "garbage" }, "after"],
        [history, { before: found }, "before"],
        [history, { after: next, type: "copy" }, "after"],
        ["/logs/job-2/history", { after: next }, "after"],
        [history, { after: next, offset: 3 }, "offset"],
        [history, { tail: 5, limit: 5 }, "tail"],
        ["/logs/job-1/search", {}, "q"],
        ["/logs/job-1/search", { q: "" }, "q"],
        ["/logs/job-1/search", { q: "x".repeat(1_001) }, "q"],
        ["/logs/job-1/search", { q: "(", regex: "true" }, "q"],
        ["/logs/job-1/search", { q: "(a)\\1", regex: "true" }, "q"],
        ["/logs/job-1/search", { q: "((a{99}){99}){99}", regex: "true" }, "q"],
        ["/logs/job-1/search", { q: "line", regex: "yes" }, "regex"],
        ["/logs/job-1/search", { q: "other", cursor: found }, "cursor"],
        ["/logs/job-1/search", { q: "line", cursor: "\u{1f600}" }, "cursor"],
        ["/logs/job-1/download", { timestamps: 1 }, "timestamps"],
        // A slip of the pen must not search or fetch more than was meant.
        ["/logs/job-1/search", { q: "line", tpye: "plugin" }, "tpye"],
        ["/logs/job-1/download", { tpye: "plugin" }, "tpye"],
        ["/logs/..%2f%00/download", {}, "job_id"],
      ];
      for (const [path, query, field] of refused) {
        const { error } = await get<{ error: { details: { field: string }[] } }>(bench, path, query, 422);
        assert(error.details.some((fault) => fault.field === field), `${path} ${JSON.stringify(query)}`);
      }
      for (const q of ["\0", "%", "'", "\\", '"', "*", "\ufffd", "' OR 1=1 --", "\u{1f600}"]) {
        await get(bench, "/logs/job-1/search", { q });
      }
      for (const raw of ["q=%ff%fe", "q=%ED%A0%80", "q=%", "q=a&regex=true&ignore_case=true&unknown=1"]) {
        const response = await fetch(`${bench.url}/logs/job-1/search?${raw}`);
        assert(response.status < 500, raw);
        await response.body?.cancel();
      }
    },
  );
});
