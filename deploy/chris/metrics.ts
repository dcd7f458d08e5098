import type { Metrics } from "lib/client/chris_client.ts";
import { FLAG } from "../command/option.ts";
import { visibleText } from "../command/visible_bytes.ts";
import type { Paint } from "../command/paint.ts";
import type { Command, CommandContext } from "./command.ts";
import { EXIT } from "./exit_codes.ts";
import { COMMON_USAGE, commonOptions, parseCommand } from "./parse_command.ts";

const USAGE = `Usage: deno task chris metrics [options]

How full the streams are, how far their consumers have come, and how many dead letters there are.

  --prometheus        the service's figures as it gives them to Prometheus
${COMMON_USAGE}

Exit code: 0 done; 4 the service cannot be reached.`;

/** `chris metrics`. */
export const metrics: Command = {
  name: "metrics",
  summary: "depth of the streams, lag of their consumers, dead letters",
  usage: USAGE,
  prepare(args, url) {
    const { values, positionals } = parseCommand(args, { prometheus: FLAG });
    if (positionals.length > 0) throw new RangeError(`Cannot show the metrics of "${positionals[0]}"`);
    if (values.prometheus && values.json) throw new RangeError("Cannot write JSON for Prometheus");
    const { json, prometheus } = values;
    return {
      common: commonOptions(values, url),
      act: (context) => prometheus ? showText(context) : showMetrics(context, json),
    };
  },
};

async function showText({ client, signal, out }: CommandContext): Promise<number> {
  out.bytes(new TextEncoder().encode(await client.prometheusMetrics({ signal })));
  return EXIT.done;
}

async function showMetrics({ client, signal, out, paint }: CommandContext, json: boolean): Promise<number> {
  const figures = await client.metrics({ signal });
  if (json) out.json(figures);
  else for (const line of metricsLines(figures, paint)) out.line(line);
  return EXIT.done;
}

/** A table: one line for each shard, and what is worth a look in colour. Pure. */
export function metricsLines(figures: Metrics, paint: Paint): string[] {
  const head = `${"stream".padEnd(28)}${"entries".padStart(10)}${"lag".padStart(10)}${
    "pending".padStart(10)
  }  owner`;
  const lines = [paint("dim", head)];
  for (const kind of ["status", "logs"] as const) {
    for (const { stream, xlen, lag, pending, owner } of figures[kind].shards) {
      const cells = [xlen, lag ?? "?", pending].map((cell) => String(cell).padStart(10)).join("");
      const whose = owner === null ? paint("yellow", "nobody") : visibleText(owner);
      lines.push(`${visibleText(stream).padEnd(28)}${cells}  ${whose}`);
    }
  }
  for (const { stream, xlen } of figures.workflow.shards) {
    lines.push(`${visibleText(stream).padEnd(28)}${String(xlen).padStart(10)}`);
  }
  for (const kind of ["status", "logs"] as const) {
    const count = figures[kind].dlq_xlen;
    const words = `${count} dead ${count === 1 ? "letter" : "letters"} (${kind})`;
    lines.push(count > 0 ? paint("red", `${words}: deno task chris dlq list --stream ${kind}`) : words);
  }
  return [...lines, `${figures.clients} clients are connected`];
}
