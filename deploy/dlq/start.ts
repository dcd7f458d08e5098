/**
 * Starts `main.ts` with the permissions that the settings call for: Redis and these settings, nothing else.
 *
 * @module
 */
import { ConfigError, readConfig } from "lib/run/config.ts";
import { flagsOf } from "lib/run/permissions.ts";
import { runProgram } from "../command/run_program.ts";
import { Config, OPERATOR_VARIABLES } from "./config.ts";
import { USAGE } from "./usage.ts";

async function start(args: readonly string[]): Promise<number> {
  if (args.length === 0 || args.includes("--help") || args.includes("-h")) {
    (args.length === 0 ? console.error : console.log)(USAGE);
    return args.length === 0 ? 2 : 0;
  }
  try {
    const flags = flagsOf(["redis"], settingsOf(Deno.env.toObject()));
    return await runProgram(new URL("./main.ts", import.meta.url), { flags, args });
  } catch (error) {
    if (!(error instanceof ConfigError || error instanceof RangeError)) throw error;
    console.error(error.message);
    return 2;
  }
}

/** Every variable that the command looks at; their names are all it can see. */
function settingsOf(env: Readonly<Record<string, string>>): Record<string, unknown> {
  const config: Record<string, unknown> = readConfig(Config, env);
  const others = [...OPERATOR_VARIABLES, "NO_COLOR", "SENTINEL_MASTER_HOSTS"];
  return {
    ...Object.fromEntries(others.filter((name) => env[name]).map((name) => [name, env[name]])),
    ...config,
  };
}

if (import.meta.main) Deno.exit(await start(Deno.args));
