import { assert, assertEquals, assertThrows } from "@std/assert";
import { commandLine, USAGE } from "./command_line.ts";
import { COMMANDS } from "./commands.ts";

const URL_GIVEN = "http://service:1";
const read = (...args: string[]) => commandLine(args, URL_GIVEN);

/** What a command line that works says beside the command. */
function common(...args: string[]) {
  const request = read(...args);
  assert(request.kind === "invocation");
  return request.invocation.common;
}

Deno.test("commandLine() takes the dashes that deno task hands on, and options of a command anywhere", () => {
  assertEquals(common("--", "list"), { url: URL_GIVEN, tokenFile: null, inputFile: null });
  assertEquals(common("logs", "--url", "https://x", "job", "-f", "--token-file=t"), {
    url: "https://x",
    tokenFile: "t",
    inputFile: null,
  });
  assertEquals(common("run", "--file", "a,b.json").inputFile, "a,b.json");
  assertEquals(common("run", "--file", "-").inputFile, null);
  const program = ["--image", "i", "--entrypoint", "e"];
  assertEquals(common("run", ...program, "--args", "--flag -x --url=y", "--url", "-u").url, "-u");
  assertEquals(common("logs", "job", "-n", "3", "-tn4").url, URL_GIVEN);
  assertEquals(
    common("run", "j", "--image", "i", "--entrypoint", "e", "--", "--help", "--url", "x").url,
    URL_GIVEN,
  );
});

Deno.test("commandLine() has help for everything that it lists", () => {
  for (const { name, usage } of COMMANDS) {
    assert(USAGE.includes(`\n  ${name} `) && usage.startsWith(`Usage: deno task chris ${name} `), name);
    for (const args of [[name, "--help"], ["help", name], ["--help", name], ["--", name, "x", "-h"]]) {
      assertEquals(read(...args), { kind: "help", text: usage, asked: true });
    }
  }
  assertEquals(read("--help"), { kind: "help", text: USAGE, asked: true });
  assertEquals(read(), { kind: "help", text: USAGE, asked: false });
});

Deno.test("commandLine() says what was probably meant, and refuses what makes no sense", () => {
  const wrong: [string, string][] = [
    ["lsit", "did you mean list?"],
    ["help lsit", "did you mean list?"],
    ["ps", "did you mean list?"],
    ["logs a -z", "Cannot use -z: there is no such option"],
    ["run --image", "it needs a value"],
    ["logs a --type --json", "it needs a value (--type=--json"],
    ["\x1b[2J", "the commands are run, watch"],
    ["logs", "give a job's id"],
    ["watch a b", "give one id"],
    ["logs a --folow", "did you mean --follow?"],
    ["logs a --tail ten", "expected a whole number"],
    ["logs a --type clean", "expected copy, plugin"],
    ["logs a --tail 1 --since-cursor g_0-0_1-0_0-0", "not both"],
    ["logs a --since-cursor 17", "which --json tells"],
    ["logs a --since yesterday", "or 90s, 30m"],
    ["list --status done", "expected running"],
    ["list --all --limit 3", "--all with a --limit"],
    ["run a", "give --image and --entrypoint"],
    ["run a b --image i --entrypoint e", "arguments after --args or --"],
    ["run --image i --entrypoint e --cpu-limit 1e3", "expected a whole number"],
    ["cancel", "give a job's id"],
    ["retry a b --wait", "give one"],
    ["dlq", "say list, show"],
    ["dlq requeue", "or --all, and not both"],
    ["dlq requeue 1-1 --all", "not both"],
    ["dlq discard", "give its id"],
    ["dlq list --yes", "it is for discard"],
    ["metrics --json --prometheus", "JSON for Prometheus"],
  ];
  for (const [line, message] of wrong) {
    const error = assertThrows(() => read(...line.split(" ")), RangeError, message);
    assert(!error.message.includes("\x1b"));
  }
  assertThrows(() => read("list", "--all=yes"), TypeError);
});
