/**
 * Prometheus's own tool, where it is installed: it reads figures and rules as Prometheus does.
 *
 * @module
 */

/** Whether tests with it are left out: it is not installed, and `REQUIRE_DOCKER=1` does not ask for all tools. */
export const withoutPromtool: boolean = !isInstalled() && Deno.env.get("REQUIRE_DOCKER") !== "1";

/** Runs it, `input` on its standard input. */
export async function promtool(
  args: readonly string[],
  input = "",
): Promise<{ readonly success: boolean; readonly output: string }> {
  const child = new Deno.Command("promtool", {
    args: [...args],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(input));
  await writer.close();
  const { success, stdout, stderr } = await child.output();
  return { success, output: new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr) };
}

function isInstalled(): boolean {
  try {
    return new Deno.Command("promtool", { args: ["--version"], stdout: "null", stderr: "null" }).outputSync()
      .success;
  } catch {
    return false;
  }
}
