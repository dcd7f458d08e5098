import { assertThrows } from "@std/assert";
import { decodeLogEvent, decodeStatusEvent } from "lib/event/codec.ts";
import { Random } from "../random.ts";
import { poisonOf } from "./poison.ts";

const STATUS = {
  event_id: "0123456789abcdef01234567",
  job_id: "j-1",
  job_type: "plugin",
  status: "started",
  timestamp: "2026-01-01T00:00:00+00:00",
  source: "docker",
};
const LOG = { ...STATUS, container_name: "j-1", line: "x", stream: "stdout", eos: false };

Deno.test("poisonOf() makes only entries that nobody can read", () => {
  decodeStatusEvent(JSON.stringify(STATUS));
  decodeLogEvent(JSON.stringify(LOG));
  for (let seed = 0; seed < 300; seed++) {
    const random = new Random(seed);
    const status = poisonOf(random.chance(0.2) ? null : JSON.stringify(STATUS), random);
    if (status.data !== undefined) assertThrows(() => decodeStatusEvent(status.data ?? ""));
    const log = poisonOf(JSON.stringify(LOG), random);
    if (log.data !== undefined) assertThrows(() => decodeLogEvent(log.data ?? ""));
  }
});
