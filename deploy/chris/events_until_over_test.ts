import { assertEquals } from "@std/assert";
import { ChrisClient } from "lib/client/chris_client.ts";
import { eventsUntilOver } from "./events_until_over.ts";

/** A service that answers with these in their order: streams of ids of events, and the workflow's statuses. */
function serviceWith({ streams, statuses }: { streams: string[][]; statuses: string[] }) {
  const resumed: (string | null)[] = [];
  const fetch = (input: string | URL | Request, init?: RequestInit) => {
    if (String(input).endsWith("/workflow")) {
      const status = statuses.shift();
      return Promise.resolve(status ? Response.json({ status }) : new Response("", { status: 404 }));
    }
    resumed.push(new Headers(init?.headers).get("last-event-id"));
    const events = streams.shift()?.map((id) => {
      return `id: ${id}\nevent: ${id.startsWith("end") ? "end" : "workflow"}\ndata: {}\n\n`;
    });
    const headers = { "content-type": "text/event-stream" };
    return Promise.resolve(
      events ? new Response(events.join(""), { headers }) : new Response(null, { status: 204 }),
    );
  };
  return { client: new ChrisClient({ baseUrl: "http://service", fetch }), resumed };
}

async function idsOf(client: ChrisClient, signal = new AbortController().signal): Promise<string[]> {
  const ids: string[] = [];
  for await (const { id } of eventsUntilOver(client, "job", { signal })) ids.push(id);
  return ids;
}

Deno.test("eventsUntilOver() goes on where it was when a stream told the end of an attempt that was retried", async () => {
  const { client, resumed } = serviceWith({
    streams: [["1", "end-2"], ["3", "end-4"]],
    statuses: ["running", "failed"],
  });
  assertEquals(await idsOf(client), ["1", "3"]);
  assertEquals(resumed, [null, "end-2"]);
});

Deno.test("eventsUntilOver() is over where there is no workflow, and when it is called off", async () => {
  assertEquals(await idsOf(serviceWith({ streams: [["1", "end-2"]], statuses: [] }).client), ["1"]);
  const stopped = serviceWith({ streams: [["1", "end-2"]], statuses: ["running"] });
  assertEquals(await idsOf(stopped.client, AbortSignal.abort()), []);
});
