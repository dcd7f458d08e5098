import { assertEquals, assertRejects } from "@std/assert";
import { StartError } from "./background_process.ts";
import { startOnFreePort } from "./start_on_free_port.ts";

/** Servers of which each says what it has to say when it is started, and those made so far. */
function serversThatSay(...logTails: (string | null)[]) {
  const made: { port: number; start(): Promise<void> }[] = [];
  const make = (port: number) => {
    const logTail = logTails[made.length] ?? null;
    const start = () =>
      logTail === null ? Promise.resolve() : Promise.reject(new StartError("x", "it ended", logTail));
    const server = { port, start };
    made.push(server);
    return server;
  };
  return { made, make };
}

Deno.test("startOnFreePort() makes the server anew where somebody else took its port", async () => {
  const { made, make } = serversThatSay("bind: Address already in use");
  const started = await startOnFreePort(make);
  assertEquals([made.length, started], [2, made[1]]);
});

Deno.test("startOnFreePort() gives up at once on what another port cannot mend, and on ports at last", async () => {
  const broken = serversThatSay("no such setting");
  await assertRejects(() => startOnFreePort(broken.make), StartError, "no such setting");
  assertEquals(broken.made.length, 1);
  const unlucky = serversThatSay(...Array.from({ length: 9 }, () => "Address already in use"));
  await assertRejects(() => startOnFreePort(unlucky.make), StartError, "already in use");
  assertEquals(unlucky.made.length, 5);
});
