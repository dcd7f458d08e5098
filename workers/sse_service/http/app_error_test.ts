import { assertEquals } from "@std/assert";
import { OpenAPIHono, z } from "@hono/zod-openapi";
import { silentLogger as log } from "lib/run/log.ts";
import { OutageError } from "lib/run/outage_error.ts";
import { answerFault, fieldFaults } from "./app_error.ts";

function faultsOf(schema: z.ZodType, value: unknown) {
  const { error } = schema.safeParse(value);
  return error ? fieldFaults(error) : [];
}

Deno.test("fieldFaults() names every field that is wrong", () => {
  const schema = z.strictObject({
    image: z.string("expected a name"),
    args: z.array(z.string("expected text")),
  });
  assertEquals(faultsOf(schema, { args: ["a", 1], lmit: 1 }), [
    { field: "image", message: "expected a name" },
    { field: "args.1", message: "expected text" },
    { field: "lmit", message: "this field is not known" },
  ]);
  assertEquals(faultsOf(schema, 1)[0]?.field, "body");
});

Deno.test("G12 fieldFaults() tells less than a hostile body holds", () => {
  const many = Object.fromEntries(Array.from({ length: 50_000 }, (_, n) => [`k${n}`, 1]));
  const told = [
    faultsOf(z.strictObject({}), many),
    faultsOf(z.array(z.string()), Array(50_000).fill(1)),
    faultsOf(z.strictObject({}), { ["x".repeat(1_000_000)]: 1 }),
  ];
  assertEquals(told.map(({ length }) => length), [100, 100, 1]);
  assertEquals(JSON.stringify(told).length < 50_000, true);
});

Deno.test("G8 answerFault() tells when it is worth trying again what a dependency, or missing tables, kept from working", async () => {
  const notMadeYet = Object.assign(new Error('relation "job_workflow" does not exist'), { code: "42P01" });
  for (const fault of [new OutageError("postgres", "list jobs"), notMadeYet, new Error("of our own")]) {
    const app = new OpenAPIHono();
    app.get("/", () => Promise.reject(fault));
    app.onError((error, c) => answerFault(error, c, log));
    const answer = await app.request("/");
    const { error } = await answer.json();
    const expected = fault.message === "of our own" ? [500, "internal", null] : [503, "unavailable", "2"];
    assertEquals([answer.status, error.code, answer.headers.get("retry-after")], expected);
  }
});
