import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { arrayLiteral, parseArray } from "./column_types.ts";

Deno.test("arrayLiteral() and parseArray() are each other's inverse for any texts", () => {
  const texts = fc.array(
    fc.oneof(fc.string({ unit: "binary" }), fc.constantFrom("", "NULL", "{}", ',"\\'), fc.constant(null)),
  );
  fc.assert(fc.property(texts, (list) => assertEquals(parseArray(arrayLiteral(list)), list)));
});

Deno.test("parseArray() reads what Postgres writes without quotes, and lists in lists", () => {
  assertEquals(parseArray("{1,NULL,3}", Number), [1, null, 3]);
  assertEquals(parseArray('{{a,"b c"},{NULL,"\\"}"}}'), [["a", "b c"], [null, '"}']]);
  assertEquals(parseArray("{}"), []);
});
