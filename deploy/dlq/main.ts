/**
 * `deno task dlq`: dead letters, for operators. Started by `start.ts` with the permissions it needs.
 *
 * @module
 */
import { ConfigError, readConfig } from "lib/run/config.ts";
import type { Logger } from "lib/run/log.ts";
import { OutageError } from "lib/run/outage_error.ts";
import { sleep } from "lib/run/sleep.ts";
import { openRedis } from "lib/stream/open_redis.ts";
import { redisFaults } from "lib/stream/redis_address.ts";
import { Output, OutputClosedError, OutputFailedError } from "../command/output.ts";
import { painter } from "../command/paint.ts";
import { visibleJson, visibleText } from "../command/visible_bytes.ts";
import { runCommand } from "./commands.ts";
import { Config, OPERATOR_VARIABLES } from "./config.ts";
import { type DlqOptions, dlqOptions } from "./options.ts";

async function main(args: readonly string[]): Promise<number> {
  try {
    const options = dlqOptions(args, Date.now());
    const settings = settingsOf((name) => Deno.env.get(name));
    return await onRedis(options, settings);
  } catch (error) {
    if (error instanceof OutputClosedError) return 0;
    if (error instanceof OutageError || error instanceof OutputFailedError) return fail(error, 1);
    if (error instanceof ConfigError || error instanceof RangeError || error instanceof TypeError) {
      return fail(error, 2);
    }
    throw error;
  }
}

async function onRedis(options: DlqOptions, settings: ReturnType<typeof settingsOf>): Promise<number> {
  await using redis = openRedis(settings.REDIS_URL, { name: "dlq", log: stderrLogger });
  const answered = await Promise.race([redis.ping(), sleep(options.waitMs)]);
  if (!answered) {
    const cause = `no answer within ${options.waitMs / 1_000} s`;
    throw new OutageError("redis", options.action, { cause });
  }
  const paint = painter(Deno.stdout.isTerminal() && !Deno.noColor);
  const who = OPERATOR_VARIABLES.map((name) => Deno.env.get(name)).find(Boolean) ?? "unknown";
  return await runCommand({
    redis,
    settings,
    options,
    out: new Output(),
    paint,
    note: (text) => console.error(text),
    audit: (fields) =>
      console.error(visibleJson({ time: new Date(), who, host: Deno.hostname(), ...fields })),
    confirm: (question) => Deno.stdin.isTerminal() ? confirm(question) : null,
  });
}

function settingsOf(variable: (name: string) => string | undefined) {
  const config = readConfig(
    Config,
    Object.fromEntries(Object.keys(Config.shape).map((name) => [name, variable(name)])),
  );
  const faults = redisFaults({ REDIS_URL: config.REDIS_URL });
  if (faults.length > 0) throw new ConfigError(faults);
  return config;
}

function fail(error: Error, code: number): number {
  console.error(
    code === 2 && !(error instanceof ConfigError)
      ? `${visibleText(error.message)}. Try --help`
      : error.message,
  );
  return code;
}

/** Faults of the connection, in words. */
const stderrLogger: Logger = {
  debug: () => {},
  info: tell,
  warn: tell,
  error: tell,
} as Logger;

function tell(...said: unknown[]): void {
  const [fields, text] = typeof said[0] === "string" ? [{}, said[0]] : said;
  const error = (fields as { error?: unknown }).error;
  console.error(visibleText(error ? `${text} (${error})` : String(text)));
}

Deno.exit(await main(Deno.args));
