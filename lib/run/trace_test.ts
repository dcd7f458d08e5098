import { assertEquals, assertNotEquals } from "@std/assert";
import fc from "fast-check";
import {
  activeTraceparent,
  formatTraceparent,
  openSpan,
  parseTraceparent,
  traced,
  TRACING,
} from "./trace.ts";

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const SPAN = "b7ad6b7169203331";
const CONFIG = decodeURIComponent(new URL("../../deno.json", import.meta.url).pathname);

Deno.test("parseTraceparent() reads what formatTraceparent() writes", () => {
  for (const traceFlags of [0, 1]) {
    const text = formatTraceparent({ traceId: TRACE, spanId: SPAN, traceFlags });
    assertEquals(text, `00-${TRACE}-${SPAN}-0${traceFlags}`);
    assertEquals(parseTraceparent(text), { traceId: TRACE, spanId: SPAN, traceFlags, isRemote: true });
  }
});

Deno.test("parseTraceparent() takes nothing for a trace that is none, whatever stands in a stream", () => {
  const bad = [
    "",
    "00",
    `00-${TRACE}-${SPAN}`,
    `01-${TRACE}-${SPAN}-01`,
    `00-${TRACE.toUpperCase()}-${SPAN}-01`,
    `00-${"0".repeat(32)}-${SPAN}-01`,
    `00-${TRACE}-${"0".repeat(16)}-01`,
    `00-${TRACE}-${SPAN}-01\n`,
    ` 00-${TRACE}-${SPAN}-01`,
  ];
  for (const text of bad) assertEquals(parseTraceparent(text), null, text);
  fc.assert(fc.property(fc.string(), (text) => parseTraceparent(text) === null));
});

Deno.test("where nobody traces, traced() does its work, and there is nothing to carry on", async () => {
  assertEquals(TRACING, false);
  const done = await traced("work", { parent: `00-${TRACE}-${SPAN}-01` }, () => {
    assertEquals(activeTraceparent(), null);
    return Promise.resolve(7);
  });
  assertEquals([done, openSpan("work")], [7, null]);
});

Deno.test("where OTEL_DENO is set, spans go on with the trace they are told, also with a worker's permissions", async () => {
  const program = `
    import { activeTraceparent, openSpan, traced, TRACING } from "${import.meta.resolve("./trace.ts")}";
    const parent = "00-${TRACE}-${SPAN}-01";
    const inner = await traced("a", { parent }, async () => {
      await new Promise((resolve) => setTimeout(resolve, 1));
      return [activeTraceparent(), openSpan("b")?.traceparent];
    });
    const fault = await traced("c", { parent: "no trace" }, () => Promise.reject(new Error("d"))).catch((e) => e.message);
    console.log(JSON.stringify({ TRACING, inner, fault, after: activeTraceparent() }));
    Deno.exit(0);
  `;
  const file = await Deno.makeTempFile({ suffix: ".ts" });
  try {
    await Deno.writeTextFile(file, program);
    const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "--no-prompt", "--quiet", "--ignore-env", `--config=${CONFIG}`, file],
      env: { OTEL_DENO: "true", OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:9" },
    }).output();
    const told = JSON.parse(new TextDecoder().decode(stdout) || new TextDecoder().decode(stderr));
    assertEquals([told.TRACING, told.fault, told.after], [true, "d", null]);
    for (const text of told.inner) {
      assertEquals(parseTraceparent(text)?.traceId, TRACE);
      assertNotEquals(parseTraceparent(text)?.spanId, SPAN);
    }
  } finally {
    await Deno.remove(file);
  }
});
