import { assertEquals } from "@std/assert";
import { ClientStream } from "./client_stream.ts";
import { entryOf } from "./entry.ts";
import { EventWriter } from "./event_writer.ts";
import { type Kind, parsePosition, startPosition } from "./position.ts";
import { Progress } from "./progress.ts";

Deno.test("G10 EventWriter tells a gap under a place from which the line behind it is still to come", async () => {
  const kinds = new Set<Kind>(["logs"]);
  const out = new ClientStream(() => {});
  const event = {
    event_id: "e",
    job_id: "job",
    job_type: "copy",
    container_id: "abcde0",
    seq: 3,
    eos: false,
  };
  const line = entryOf("logs", "7-0", event, JSON.stringify(event));
  const progress = new Progress(startPosition("g1"), { complete: true });
  await new EventWriter(out, { jobId: "job", kinds }).entries(progress, [line], "store");
  out.close();
  const text = await new Response(out.body as BodyInit).text();
  const ids = [...text.matchAll(/^event: (\w+)\nid: (\S+)$/gm)];
  assertEquals(ids.map(([, name]) => name), ["gap", "logs"]);
  const news = ids.map(([, , id]) => {
    const position = parsePosition(id ?? "");
    return position && new Progress(position, { complete: false }).look(line, "store");
  });
  assertEquals(news, ["news", "old"]);
});
