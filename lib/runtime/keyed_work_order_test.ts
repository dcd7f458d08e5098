import { assertEquals } from "@std/assert";
import { silentLogger } from "../run/log.ts";
import { KeyedWork } from "./keyed_work.ts";

Deno.test("G4 KeyedWork.hintInOrder() goes before what waits already of its group: that came up after the list", async () => {
  const begun: string[] = [];
  const first = Promise.withResolvers<void>();
  const work = (key: string) => (begun.push(key), key === "busy" ? first.promise : Promise.resolve());
  const keyed = new KeyedWork({ work, log: silentLogger });
  for (const key of ["busy", "young", "old"]) keyed.hint(key, "job");
  keyed.hintInOrder(["gone", "old"].map((key) => ({ key, group: "job" })));
  first.resolve();
  while (begun.length < 4) await new Promise((resolve) => setTimeout(resolve, 0));
  assertEquals(begun, ["busy", "gone", "old", "young"]);
  await keyed.stop();
});
