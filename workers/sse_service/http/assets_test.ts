import { assertEquals } from "@std/assert";
import { assetsOf } from "./assets.ts";

const asset = assetsOf(import.meta.resolve("../../../web/"));

Deno.test("assetsOf() serves the page and its files, with their types", async () => {
  assertEquals((await asset("/"))?.headers.get("content-type"), "text/html; charset=utf-8");
  assertEquals(
    (await asset("/event_source.js"))?.headers.get("content-type"),
    "text/javascript; charset=utf-8",
  );
});

Deno.test("G12 assetsOf() finds nothing under any other name, however odd or long", async () => {
  const names = [
    "..",
    "../deno.json",
    "..%2fdeno.json",
    "a/b.js",
    ".env",
    "a.js\0",
    "__proto__",
    "nothing.js",
  ];
  for (const name of [...names, `${"a".repeat(5_000)}.js`, `a${".b".repeat(200)}`]) {
    assertEquals(await asset(`/${name}`), null, name.slice(0, 50));
  }
});
