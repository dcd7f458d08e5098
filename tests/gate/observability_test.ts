import { assert, assertEquals } from "@std/assert";
import { promtool, withoutPromtool } from "lib/testing/promtool.ts";
import { alerts, figuresIn, figuresOf, observabilityFile, panels } from "./observability.ts";

Deno.test("figuresIn() finds what an expression reads, and nothing else of it", () => {
  const names = (expr: string) => [...figuresIn(expr)];
  assertEquals(names('sum by (job, le) (rate(a_bucket{x="b_c", y=~"d|e"}[5m])) > 0.5e3'), ["a_bucket"]);
  assertEquals(names("max(a) == bool 0 or b unless on (instance) c offset 10m"), ["a", "b", "c"]);
  assertEquals(names("histogram_quantile(0.9, rate(a_bucket[$__rate_interval])) and up == 1"), ["a_bucket"]);
});

Deno.test("figuresOf() knows histograms by their parts", () => {
  const text = "# HELP a A\n# TYPE a counter\na 1\n# TYPE b histogram\n";
  assertEquals([...figuresOf(text)], ["a", "b_bucket", "b_sum", "b_count"]);
});

Deno.test("every panel of the dashboard has a title, an explanation, a unit and something to show", async () => {
  for (const { title, description, fieldConfig, targets } of await panels()) {
    assert(description && fieldConfig && targets && targets.length > 0, title);
  }
});

Deno.test("every alert is attacked by a unit test, under its name, in Prometheus's own form", async () => {
  const tests = await Deno.readTextFile(observabilityFile("alert_rules_test.yml"));
  const untested = (await alerts()).filter(({ alert }) => !tests.includes(`- name: ${alert} fires for `));
  assertEquals(untested.map(({ alert }) => alert), []);
});

for (
  const [what, args] of [
    ["the example of a configuration is valid", ["check", "config", observabilityFile("prometheus.yml")]],
    ["the alert rules are valid", ["check", "rules", observabilityFile("alert_rules.yml")]],
    ["each alert fires when it should, and none in a healthy system", [
      "test",
      "rules",
      observabilityFile("alert_rules_test.yml"),
    ]],
  ] as const
) {
  Deno.test(`Prometheus: ${what}`, { ignore: withoutPromtool }, async () => {
    const { success, output } = await promtool(args);
    assert(success, output);
  });
}

Deno.test("Prometheus reads every expression of the dashboard", { ignore: withoutPromtool }, async () => {
  const rules = (await panels()).flatMap(({ targets = [] }) => targets).map(({ expr }, index) => ({
    record: `expression_${index}`,
    expr: expr.replaceAll("$__rate_interval", "5m"),
  }));
  const file = await Deno.makeTempFile({ suffix: ".yml" });
  try {
    await Deno.writeTextFile(file, JSON.stringify({ groups: [{ name: "dashboard", rules }] })); // JSON is YAML
    const { success, output } = await promtool(["check", "rules", file]);
    assert(success, output);
  } finally {
    await Deno.remove(file);
  }
});
