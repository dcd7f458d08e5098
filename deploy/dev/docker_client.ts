/**
 * Reaching a Docker Engine by the address in `DOCKER_HOST`'s form.
 *
 * @module
 */
// @ts-types="@types/dockerode"
import Docker from "dockerode";

/**
 * A client for the engine at `host`; it opens no connection by itself.
 *
 * @param host `unix:///path`, `tcp://host:port` or `http://host:port`.
 * @throws {RangeError} for any other address.
 */
export function openDocker(host: string): Docker {
  const socketPath = socketOf(host);
  if (socketPath) return new Docker({ socketPath });
  const tcp = /^(?:tcp|http):\/\/([^/:]+|\[[^\]]+\]):(\d+)\/?$/.exec(host);
  if (!tcp) {
    throw new RangeError(`Cannot use "${host}" as a Docker Engine: expected unix:///path or tcp://host:port`);
  }
  return new Docker({ protocol: "http", host: tcp[1], port: Number(tcp[2]) });
}

/** Path of the unix socket an engine listens on, or null if its address is another. */
export function socketOf(host: string): string | null {
  return /^unix:\/\/(\/.+)$/.exec(host)?.[1] ?? null;
}

/** The version of the engine at `host`, or null if none answers within `timeoutMs`. */
export async function engineVersion(host: string, timeoutMs = 15_000): Promise<string | null> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  try {
    const answer = openDocker(host).version().catch(() => null);
    const late = new Promise<null>((resolve) => timer = setTimeout(() => resolve(null), timeoutMs));
    return (await Promise.race([answer, late]))?.Version ?? null;
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

/** Addresses at which an engine may be, the one that is set first. */
export function engineAddresses(env: Readonly<Record<string, string | undefined>>): string[] {
  if (env.DOCKER_HOST) return [env.DOCKER_HOST];
  return [
    "unix:///var/run/docker.sock",
    ...(env.XDG_RUNTIME_DIR ? [`unix://${env.XDG_RUNTIME_DIR}/docker.sock`] : []),
    ...(env.HOME ? [`unix://${env.HOME}/.docker/run/docker.sock`] : []),
  ];
}

/** The first address at which an engine answers, or null. */
export async function findEngine(
  env: Readonly<Record<string, string | undefined>>,
): Promise<{ host: string; version: string } | null> {
  for (const host of engineAddresses(env)) {
    const version = await engineVersion(host);
    if (version) return { host, version };
  }
  return null;
}
