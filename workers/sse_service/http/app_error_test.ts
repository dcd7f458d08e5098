import { assertEquals } from "@std/assert";
import { z } from "@hono/zod-openapi";
import { fieldFaults } from "./app_error.ts";

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
