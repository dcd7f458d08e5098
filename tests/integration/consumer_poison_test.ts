import { assert, assertEquals } from "@std/assert";
import { DLQ, eventOf, openBench, settle, streamOf } from "./consumer_bench.ts";

Deno.test("G9 entries that can never work go to the dead letters as they were, and the others go on", async () => {
  await using bench = await openBench();
  const { redis } = bench;
  const stream = streamOf("job-0");
  const poison = {
    bytes: Buffer.from([0x7b, 0xff, 0xfe, 0x00]),
    json: Buffer.from("{ not json"),
    schema: Buffer.from(JSON.stringify({ ...eventOf("job-0", 9), status: "exploded" })),
  };
  await bench.publish(["job-0"], 1);
  const ids = [
    await redis.xadd(stream, "*", "data", poison.bytes),
    await redis.xadd(stream, "*", "data", poison.json),
    await redis.xadd(stream, "*", "data", poison.schema),
    await redis.xadd(stream, "*", "payload", "elsewhere"),
  ];
  await bench.publish(["job-0"], 1);
  const start = Date.now();
  bench.consume("a");
  await settle(bench);
  const letters = (await redis.xrangeBuffer(DLQ, "-", "+")).map(([, fields]) => lettersOf(fields));
  assertEquals(letters.map((letter) => String(letter.get("origin_id"))), ids.map(String));
  assertEquals(letters.map((letter) => letter.get("data")), [
    poison.bytes,
    poison.json,
    poison.schema,
    Buffer.from('["payload","elsewhere"]'),
  ]);
  for (const [index, part] of ["UTF-8", "not JSON", "status: ", 'no field "data"'].entries()) {
    const letter = letters[index] ?? new Map<string, Buffer>();
    assert(letter.get("error")?.toString().includes(part), `${letter.get("error")}`);
    assertEquals(String(letter.get("reason")), "undecodable");
    assertEquals(String(letter.get("origin_stream")), stream);
    assertEquals(String(letter.get("deliveries")), "1");
    for (const field of ["ts", "first_seen"]) {
      const at = Number(letter.get(field));
      assert(at >= start - 1_000 && at <= Date.now() + 1_000, `${field} is ${letter.get(field)}`);
    }
  }
});

function lettersOf(fields: Buffer[]): Map<string, Buffer> {
  return new Map(
    fields.flatMap((name, index) => index % 2 ? [] : [[String(name), fields[index + 1] ?? Buffer.alloc(0)]]),
  );
}
