/**
 * Starts `main.ts` with the permissions that the command line calls for: the service's host, the variables that it
 * looks at, and the files that are named.
 *
 * @module
 */
import { hostsOf } from "lib/run/net_hosts.ts";
import { runProgram } from "../command/run_program.ts";
import { visibleText } from "../command/visible_bytes.ts";
import type { CommonOptions } from "./command.ts";
import { commandLine, DEFAULT_URL } from "./command_line.ts";
import { VARIABLES } from "./config.ts";
import { EXIT } from "./exit_codes.ts";

async function start(args: readonly string[]): Promise<number> {
  try {
    const request = commandLine(args, Deno.env.get("CHRIS_URL") || DEFAULT_URL);
    if (request.kind === "help") {
      (request.asked ? console.log : console.error)(request.text);
      return request.asked ? EXIT.done : EXIT.usage;
    }
    const flags = flagsOf(request.invocation.common);
    return await runProgram(new URL("./main.ts", import.meta.url), { flags, args });
  } catch (error) {
    if (!(error instanceof RangeError || error instanceof TypeError)) throw error;
    console.error(`${visibleText(error.message)}${error.message.endsWith("?") ? "" : "."} Try --help`);
    return EXIT.usage;
  }
}

/** @throws {RangeError} if the address cannot be read. */
function flagsOf({ url, tokenFile, inputFile }: CommonOptions): string[] {
  const files = [tokenFile, inputFile].flatMap((file) => {
    return file === null || file === "-" ? [] : [file.replaceAll(",", ",,")];
  });
  return [
    "--ignore-env",
    `--allow-env=${VARIABLES.join(",")}`,
    `--allow-net=${hostsOf(url, 80).join(",")}`,
    ...files.length > 0 ? [`--allow-read=${files.join(",")}`] : [],
  ];
}

if (import.meta.main) Deno.exit(await start(Deno.args));
