/**
 * What the tests need of the machine: servers to start, a container engine, a browser.
 *
 * @module
 */
import { POSTGRES, REDIS } from "../../deploy/dev/demo/server_kinds.ts";
import { findEngine } from "../../deploy/dev/docker_client.ts";
import { canStartDaemon, startDockerDaemon } from "../../deploy/dev/docker_daemon.ts";
import { findBinary } from "../../deploy/dev/services/find_binary.ts";
import { installPackages } from "../../deploy/dev/services/install_packages.ts";

/** The machine as the tests find it. Disposing ends what was started for them. */
export interface Prepared extends AsyncDisposable {
  /** Variables for the tests: DOCKER_HOST and CHROMIUM where there is such a thing. */
  readonly env: Record<string, string>;
  /** What is not there, so that tests which need it are skipped. */
  readonly missing: readonly string[];
}

/** The machine lacks something without which no test run makes sense, or that was said to be required. */
export class CannotTestError extends Error {
  override readonly name = "CannotTestError";
}

/**
 * Finds or starts what tests need.
 *
 * @throws {CannotTestError} if servers cannot be had, or an engine although REQUIRE_DOCKER says so.
 */
export async function prepare(
  dir: string,
  env: Readonly<Record<string, string | undefined>>,
  say: (text: string) => void,
): Promise<Prepared> {
  await ensurePrograms(say);
  const chromium = env.CHROMIUM || await findBinary("chromium") || await findBinary("google-chrome");
  const engine = await prepareEngine(dir, env, say);
  if (!engine.host && /^(1|true|yes)$/i.test(env.REQUIRE_DOCKER ?? "")) {
    throw new CannotTestError(`Cannot test with REQUIRE_DOCKER set: ${engine.reason}`);
  }
  return {
    env: {
      ...(engine.host ? { DOCKER_HOST: engine.host } : {}),
      ...(chromium ? { CHROMIUM: chromium } : {}),
    },
    missing: [
      ...(engine.host ? [] : [engine.reason]),
      ...(chromium ? [] : ["no chromium on PATH"]),
      ...(await findBinary("nginx") ? [] : ["no nginx on PATH"]),
      ...(await findBinary("promtool") ? [] : ["no promtool on PATH"]),
    ],
    [Symbol.asyncDispose]: () => engine[Symbol.asyncDispose](),
  };
}

/** Tests start Redis and Postgres of their own: both must be installed. */
async function ensurePrograms(say: (text: string) => void): Promise<void> {
  for (const { title, find, packages } of [REDIS, POSTGRES]) {
    if (await find()) continue;
    if (await installPackages(packages, say) && await find()) continue;
    throw new CannotTestError(
      `Cannot test without ${title}: its programs are not on PATH, and they cannot be installed here ` +
        `without asking (Debian: apt-get install ${packages.apt}, Homebrew: brew install ${packages.brew})`,
    );
  }
}

async function prepareEngine(
  dir: string,
  env: Readonly<Record<string, string | undefined>>,
  say: (text: string) => void,
): Promise<AsyncDisposable & { host: string | null; reason: string }> {
  const nothing = () => Promise.resolve();
  const found = await findEngine(env);
  if (found) return { host: found.host, reason: "", [Symbol.asyncDispose]: nothing };
  const possible = await canStartDaemon();
  const without = (reason: string) => ({
    host: null,
    reason: `no Docker Engine answers, and ${reason}`,
    [Symbol.asyncDispose]: nothing,
  });
  if (!possible.ok) return without(possible.reason);
  say("no Docker Engine answers: starting one for this run");
  try {
    const daemon = await startDockerDaemon(dir);
    return { host: daemon.host, reason: "", [Symbol.asyncDispose]: () => daemon[Symbol.asyncDispose]() };
  } catch (error) {
    return without(error instanceof Error ? error.message : String(error));
  }
}
