import { assertEquals } from "@std/assert";
import { EventsHeaders, EventsQuery } from "./schemas.ts";

Deno.test("G12 a position with a number beyond all entries counts as none, wherever it comes from", () => {
  const read = (id: string) => [
    EventsHeaders.parse({ "Last-Event-ID": id })["Last-Event-ID"],
    EventsQuery.parse({ last_event_id: id }).last_event_id,
  ];
  const fine = "542b4cf347f4c5_1-0_1795341527021-123_0-0_w0.pccccc-00-2-mkfedmo1";
  assertEquals(read(fine), [fine, fine]);
  for (const id of ["g_1-99999999999999999999_0-0_0-0", "g_0-0_0-0_0-18446744073709551615"]) {
    assertEquals(read(id), [undefined, undefined], id);
  }
});
