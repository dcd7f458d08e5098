import { assertEquals } from "@std/assert";
import { declares, walkFaults } from "./follow_one_event.ts";
import { givenFiles } from "./project.ts";

const files = givenFiles({
  "lib/run.ts": "export async function* changes(signal: AbortSignal) {}\n",
  "web/app.js": "export class App {\n  show(event) {\n  }\n}\n",
});

function readme(items: readonly string[]): string {
  return `# P\n\n## Follow one event\n\n${
    items.map((item, at) => `${at + 1}. ${item}\n`).join("")
  }\n## Else\n\n1. x\n`;
}

const good: string[] = Array.from(
  { length: 12 },
  (_, at) => at % 2 ? "`lib/run.ts` `changes()`: a." : "`web/app.js` `App.show()`",
);

Deno.test("walkFaults() finds nothing wrong with twelve places that exist, also as links", () => {
  assertEquals(walkFaults(readme(good), files), []);
  const linked = good.with(0, "[`web/app.js`](web/app.js), `show()`: shows it.");
  assertEquals(walkFaults(readme(linked), files), []);
});

Deno.test("walkFaults() names a place that is gone", () => {
  assertEquals(walkFaults(readme(good.with(2, "`lib/gone.ts` `changes()`: a.")), files), [
    "Follow one event, item 3: there is no file lib/gone.ts",
  ]);
  assertEquals(walkFaults(readme(good.with(11, "`lib/run.ts` `change()`: a.")), files), [
    "Follow one event, item 12: lib/run.ts declares no change()",
  ]);
  assertEquals(walkFaults(readme(good.with(0, "[`lib/run.ts`](lib/old.ts) `changes()`")), files), [
    "Follow one event, item 1: the link of lib/run.ts goes to lib/old.ts",
  ]);
});

Deno.test("walkFaults() wants each item to start with a place, and twelve of them", () => {
  assertEquals(walkFaults(readme(good.with(0, "Docker says `lib/run.ts` `changes()`")), files).length, 1);
  assertEquals(walkFaults(readme(good.slice(1)), files), [
    "Follow one event: expected 12 numbered items, found 11",
  ]);
  assertEquals(walkFaults("# P\n", files), [`the README has no section "Follow one event"`]);
});

Deno.test("declares() knows the ways in which code declares a name", () => {
  const sources: Record<string, string> = {
    "export function run(): void {}": "run()",
    "export default async function run() {}": "run()",
    "function* run() {}": "run()",
    "export const Run = z.object({});": "Run",
    "export type Run = string;": "Run",
    "export interface Run {}": "Run",
    "export abstract class Run {}": "Run",
    "export class Run {\n  async *all(\n    signal: AbortSignal,\n  ): AsyncGenerator<string> {}\n}":
      "Run.all()",
    "interface Run {\n  all(of: () => void): void;\n}": "all()",
    "class Run {\n  static #of<T>(x: T) {}\n}": "#of()",
    "class Run {\n  get $all() {}\n}": "Run.$all()",
  };
  for (const [source, symbol] of Object.entries(sources)) {
    assertEquals(declares(source, symbol), true, source);
  }
});

Deno.test("declares() does not take use, calls or longer names for a declaration", () => {
  const sources: Record<string, string> = {
    'import { run } from "./run.ts";': "run()",
    "function f() {\n  run();\n}": "run()",
    "function f() {\n  run(() => { x(); }).then(1);\n}": "run()",
    "export function runAll() {}": "run()",
    "// function run() {}": "run()",
    "export class Run {}": "Run.all()",
    "export const a = 1;": "not a name",
  };
  for (const [source, symbol] of Object.entries(sources)) {
    assertEquals(declares(source, symbol), false, source);
  }
});
