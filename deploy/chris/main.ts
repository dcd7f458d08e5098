/**
 * `deno task chris`: jobs, from a terminal or a script. Started by `start.ts` with the permissions it needs.
 *
 * @module
 */
import { ChrisClient, ChrisError, ChrisOutageError, type Token } from "lib/client/chris_client.ts";
import { Output, OutputClosedError, OutputFailedError } from "../command/output.ts";
import { painter } from "../command/paint.ts";
import { visibleText } from "../command/visible_bytes.ts";
import type { CommandContext, CommonOptions } from "./command.ts";
import { commandLine, DEFAULT_URL } from "./command_line.ts";
import { EXIT } from "./exit_codes.ts";

/** Ends by a signal, as shells number them. */
const SIGNALS = { SIGINT: EXIT.interrupted, SIGTERM: 143 } as const;

/** Signal codes reach us as the reason for which everything is called off. */
class Interrupted extends Error {
  override readonly name = "Interrupted";

  constructor(readonly code: number) {
    super("interrupted");
  }
}

async function main(args: readonly string[]): Promise<number> {
  const stop = new AbortController();
  for (const [signal, code] of Object.entries(SIGNALS)) {
    Deno.addSignalListener(signal as Deno.Signal, () => stop.abort(new Interrupted(code)));
  }
  try {
    const request = commandLine(args, Deno.env.get("CHRIS_URL") || DEFAULT_URL);
    if (request.kind === "help") throw new RangeError("Cannot begin: start.ts shows the help");
    const { common, act } = request.invocation;
    const code = await act(await contextOf(common, stop.signal));
    return stop.signal.aborted ? codeOf(stop.signal.reason) : code;
  } catch (error) {
    return codeOf(stop.signal.aborted && !isOfOutput(error) ? stop.signal.reason : error);
  }
}

function isOfOutput(error: unknown): boolean {
  return error instanceof OutputClosedError || error instanceof OutputFailedError;
}

/** Tells what went wrong; the exit code for it. */
function codeOf(error: unknown): number {
  if (error instanceof OutputClosedError) return EXIT.done;
  if (error instanceof OutputFailedError) return fail(error.message, EXIT.failed);
  if (error instanceof Interrupted) return error.code;
  if (error instanceof ChrisOutageError) return fail(`${error.message}${causeOf(error)}`, EXIT.unreachable);
  if (error instanceof ChrisError) return fail(refusal(error), EXIT.failed);
  if (error instanceof RangeError || error instanceof TypeError) return fail(error.message, EXIT.usage);
  throw error;
}

function fail(message: string, code: number): number {
  console.error(visibleText(message));
  return code;
}

function refusal({ message, status }: ChrisError): string {
  if (status === 401) return `${message}. Give a token: CHRIS_TOKEN or --token-file`;
  return message;
}

/** Why there was no answer, as far as the runtime says: it wraps what happened. */
function causeOf({ cause }: Error): string {
  if (!(cause instanceof Error)) return "";
  return causeOf(cause) || ` (${cause.message})`;
}

async function contextOf(common: CommonOptions, signal: AbortSignal): Promise<CommandContext> {
  const token = await tokenFor(common.tokenFile);
  const drawable = (Deno.env.get("TERM") ?? "dumb") !== "dumb";
  const out = new Output(Deno.stdout);
  const err = new Output(Deno.stderr);
  return {
    client: new ChrisClient({ baseUrl: common.url, token }),
    out,
    err,
    paint: painter(Deno.stdout.isTerminal() && !Deno.noColor),
    note: (text) => err.line(visibleText(text)),
    signal,
    live: { out: Deno.stdout.isTerminal() && drawable, err: Deno.stderr.isTerminal() && drawable },
    now: Date.now,
    readText: readFile,
    confirm: (question) => Deno.stdin.isTerminal() ? confirm(question) : null,
  };
}

/**
 * The token; that of a file is read again when the service refuses it, as tokens expire and whoever puts them there
 * puts new ones there.
 */
async function tokenFor(file: string | null): Promise<Token | undefined> {
  let token = await readToken(file);
  if (file === null || file === "-") return token;
  return async ({ refused }) => {
    if (refused) token = await readToken(file) ?? token;
    return token ?? "";
  };
}

/** @throws {RangeError} if it cannot be read, or no request could carry it. */
async function readToken(file: string | null): Promise<string | undefined> {
  const token = (file === null ? Deno.env.get("CHRIS_TOKEN") : await readFile(file))?.trim() ?? "";
  if (/^[\x21-\x7e]*$/.test(token)) return token || undefined;
  throw new RangeError(
    `Cannot use the token in ${file ?? "CHRIS_TOKEN"}: expected one word of ASCII characters`,
  );
}

/** The text of a file; `-` is standard input. @throws {RangeError} if it cannot be read. */
async function readFile(path: string): Promise<string> {
  try {
    return path === "-" ? await new Response(Deno.stdin.readable).text() : await Deno.readTextFile(path);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new RangeError(`Cannot read ${path}: ${why}`, { cause });
  }
}

Deno.exit(await main(Deno.args));
