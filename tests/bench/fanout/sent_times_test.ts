import { assertEquals } from "@std/assert";
import { sentAt, sentTimes } from "./sent_times.ts";

Deno.test("sentTimes() finds what sentAt() wrote, wherever the text is cut", () => {
  const [first, second] = [1_790_000_000_000.25, 1_790_000_000_123];
  const text = `data: {"line":"a ${sentAt(first)}"}\n\ndata: ${sentAt(second)} b\n\n`;
  for (let cut = 0; cut <= text.length; cut++) {
    const head = sentTimes(text.slice(0, cut));
    const tail = sentTimes(head.rest + text.slice(cut));
    assertEquals([...head.times, ...tail.times], [first, second], `cut at ${cut}`);
  }
});
