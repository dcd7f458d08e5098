/**
 * What `deploy/observability/` refers to: read here, held against what workers tell in
 * `tests/integration/metrics_workers_test.ts`.
 *
 * @module
 */
import { z } from "@zod/zod";
import { parse } from "yaml";

const FOLDER = new URL("../../deploy/observability/", import.meta.url);

/** Path of one of its files. */
export function observabilityFile(name: string): string {
  return decodeURIComponent(new URL(name, FOLDER).pathname);
}

const Rules = z.object({
  groups: z.array(z.object({
    rules: z.array(z.object({
      alert: z.string(),
      expr: z.string(),
      labels: z.object({ severity: z.enum(["warning", "critical"]) }),
      annotations: z.object({
        summary: z.string().min(1),
        description: z.string().min(1),
        next_step: z.string().min(1),
      }),
    })),
  })),
});

const Panel = z.object({
  type: z.string(),
  title: z.string().min(1),
  description: z.string().optional(),
  fieldConfig: z.object({ defaults: z.object({ unit: z.string().min(1) }) }).optional(),
  targets: z.array(z.object({ expr: z.string().min(1), legendFormat: z.string().min(1) })).optional(),
});
const Dashboard = z.object({ title: z.string(), uid: z.string(), panels: z.array(Panel).min(1) });

/** The alerts. @throws {z.ZodError} if one lacks something that whoever is woken up by it needs. */
export async function alerts(): Promise<z.infer<typeof Rules>["groups"][number]["rules"]> {
  const text = await Deno.readTextFile(observabilityFile("alert_rules.yml"));
  return Rules.parse(parse(text)).groups.flatMap(({ rules }) => rules);
}

/** The panels that show something (rows only group them). @throws {z.ZodError} */
export async function panels(): Promise<z.infer<typeof Panel>[]> {
  const text = await Deno.readTextFile(observabilityFile("grafana_dashboard.json"));
  return Dashboard.parse(JSON.parse(text)).panels.filter(({ type }) => type !== "row");
}

/** Figures that Prometheus makes itself. */
const PROMETHEUS_OWN = new Set(["up", "ALERTS"]);
/** Words of the query language that are no figures. */
const WORDS = new Set([
  "and",
  "or",
  "unless",
  "bool",
  "offset",
  "by",
  "without",
  "on",
  "ignoring",
  "group_left",
]);

/** Names of figures that an expression reads, those of Prometheus itself left out. Pure. */
export function figuresIn(expr: string): Set<string> {
  const bare = expr.replace(/"[^"]*"/g, "").replace(/\{[^}]*\}/g, " ").replace(/\[[^\]]*\]/g, " ")
    .replace(/\b(by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)/g, " ");
  const names = bare.matchAll(/(?<![\w.$])[a-zA-Z_:][\w:]*\b(?!\s*\()/g);
  return new Set(
    [...names].map(([name]) => name).filter((name) => !WORDS.has(name) && !PROMETHEUS_OWN.has(name)),
  );
}

/** Names of figures, and of the parts of histograms, that a text for Prometheus tells. Pure. */
export function figuresOf(text: string): Set<string> {
  const types = [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)];
  return new Set(
    types.flatMap(([, name = "", type]) =>
      type === "histogram" ? ["_bucket", "_sum", "_count"].map((part) => name + part) : [name]
    ),
  );
}
