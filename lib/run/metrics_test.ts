import { assert, assertEquals, assertMatch } from "@std/assert";
import { promtool, withoutPromtool } from "lib/testing/promtool.ts";
import { VirtualTime } from "lib/testing/virtual_time.ts";
import { Health } from "./health.ts";
import { Metrics, wantsText } from "./metrics.ts";
import { addProcessMetrics } from "./process_metrics.ts";

const textOf = async (metrics: Metrics, accept: string | null = null) =>
  await (await metrics.answer(accept)).text();

/** One of each kind, with what is hard to write. */
function sample(): Metrics {
  const metrics = new Metrics();
  metrics.counter("jobs_total", "Jobs.", ["name"]).inc({ name: 'a "b" \\ \n c' }, 3);
  metrics.gauge("jobs_waiting", "Jobs that wait: 50 % \\ of them\nmaybe.").set(-1.5);
  metrics.histogram("job_duration_seconds", "Time.", { labels: ["name"], buckets: [0.1, 1] })
    .observe({ name: "x" }, 0.5);
  addProcessMetrics(metrics, { worker: "test", health: new Health() });
  return metrics;
}

Deno.test(
  "Metrics tells all kinds of figures as Prometheus wants them",
  { ignore: withoutPromtool },
  async () => {
    const text = await textOf(sample());
    assertEquals(await promtool(["check", "metrics"], text), { success: true, output: "" });
    assert(text.includes('job_duration_seconds_bucket{le="1",name="x"} 1\n'), text);
  },
);

Deno.test("Metrics tells OpenMetrics that Prometheus can read", { ignore: withoutPromtool }, async () => {
  const answer = await sample().answer("application/openmetrics-text;version=1.0.0,text/plain;q=0.5");
  assertMatch(answer.headers.get("content-type") ?? "", /^application\/openmetrics-text/);
  const text = await answer.text();
  const dir = await Deno.makeTempDir();
  try {
    // The tool that reads this form wants to know when each figure was so.
    await Deno.writeTextFile(`${dir}/figures`, text.replace(/^(?!#)(.+)$/gm, "$1 1700000000"));
    const { success, output } = await promtool([
      "tsdb",
      "create-blocks-from",
      "openmetrics",
      `${dir}/figures`,
      `${dir}/blocks`,
    ]);
    assert(success, `${output}\n${text}`);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("Metrics tells the same figures as text whether or not anybody has asked for OpenMetrics", async () => {
  const metrics = new Metrics();
  metrics.counter("jobs_total", "Jobs.").inc(3);
  metrics.gauge("seats_total", "Not a counter.").set(4);
  const before = await textOf(metrics);
  const open = await textOf(metrics, "application/openmetrics-text");
  assertEquals(
    open,
    "# HELP jobs Jobs.\n# TYPE jobs counter\njobs_total 3\n" +
      "# HELP seats_total Not a counter.\n# TYPE seats_total gauge\nseats_total 4\n# EOF\n",
  );
  assertEquals(await textOf(metrics), before);
  assertMatch(before, /^# TYPE jobs_total counter$/m);
});

Deno.test("Metrics looks once for all who ask at the same time or soon after, and again later", async () => {
  let now = 0;
  let looks = 0;
  const metrics = new Metrics({ freshMs: 1_000, clock: () => now });
  const gauge = metrics.gauge("looks", "How often somebody looked.");
  metrics.onRead(() => {
    gauge.set(++looks);
    return Promise.resolve();
  });
  const texts = await Promise.all([textOf(metrics), textOf(metrics), textOf(metrics)]);
  now = 999;
  texts.push(await textOf(metrics));
  assertEquals(new Set(texts.map((text) => /^looks (\d+)$/m.exec(text)?.[1])), new Set(["1"]));
  now = 1_000;
  assertMatch(await textOf(metrics), /^looks 2$/m);
});

Deno.test("G8 Metrics tells the rest when a look fails or hangs, and does not pile up questions", async () => {
  using time = new VirtualTime(0);
  const metrics = new Metrics({ freshMs: 0, patienceMs: 2_500, clock: time.now });
  const known = metrics.gauge("known", "What can be had.");
  let asked = 0;
  metrics.onRead(() => Promise.reject(new Error("refused")));
  metrics.onRead(() => {
    throw new Error("refused at once");
  });
  metrics.onRead(() => {
    asked++;
    return new Promise(() => {});
  });
  metrics.onRead(() => {
    known.inc();
    return Promise.resolve();
  });
  for (let reading = 1; reading <= 3; reading++) {
    assertMatch(await textOf(metrics), new RegExp(`^known ${reading}$`, "m"));
  }
  assertEquals(asked, 1);
  assert(time.now() >= 3 * 2_500, "each reading waited, but not for ever");
});

Deno.test("wantsText() gives text to those who prefer it to JSON, and JSON to those who have no wish", () => {
  const prometheus =
    "application/openmetrics-text;version=1.0.0;q=0.8,text/plain;version=0.0.4;q=0.5,*/*;q=0.1";
  const cases: [string | null, boolean][] = [
    [prometheus, true],
    ["text/plain", true],
    ["TEXT/PLAIN; charset=utf-8", true],
    ["application/openmetrics-text", true],
    [null, false],
    ["", false],
    ["*/*", false],
    ["text/html,application/xhtml+xml,*/*;q=0.8", false],
    ["application/json, text/plain, */*", false],
    ["application/json;q=0.1, text/plain;q=0.9", true],
    ["text/plain;q=0", false],
    ["text/plain;q=nonsense", false],
  ];
  for (const [accept, expected] of cases) assertEquals(wantsText(accept), expected, String(accept));
});
