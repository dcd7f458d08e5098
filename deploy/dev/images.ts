/**
 * Images of a container engine: whether it has one, and getting one from a registry in bounded time.
 *
 * @module
 */
// @ts-types="@types/dockerode"
import type Docker from "dockerode";

/** Whether the engine has an image of this name. */
export async function hasImage(docker: Docker, name: string): Promise<boolean> {
  return await docker.getImage(name).inspect().then(() => true, () => false);
}

/** Longest wait for the registry's first word, between two words of its progress, and for all of it (ms). */
const PULL_LIMITS = { first: 5_000, idle: 10_000, whole: 90_000 };

/** Asks the engine to get an image; whether it has it afterwards. Gives up early where no registry answers. */
export async function pullImage(docker: Docker, name: string): Promise<boolean> {
  const abort = new AbortController();
  let timer = setTimeout(() => abort.abort(), PULL_LIMITS.first);
  const whole = setTimeout(() => abort.abort(), PULL_LIMITS.whole);
  try {
    const stream = await docker.pull(name, { abortSignal: abort.signal });
    await finished(docker, stream, () => {
      clearTimeout(timer);
      timer = setTimeout(() => abort.abort(), PULL_LIMITS.idle);
    });
    return await hasImage(docker, name);
  } catch {
    return false; // no network, no such image, or too slow: the caller has another way
  } finally {
    clearTimeout(timer);
    clearTimeout(whole);
  }
}

/** Resolves when the engine's answer has ended well. @throws {Error} with the engine's words. */
export function finished(docker: Docker, stream: NodeJS.ReadableStream, progress = () => {}): Promise<void> {
  return new Promise((resolve, reject) => {
    docker.modem.followProgress(stream, (error: Error | null, output: { error?: string }[]) => {
      const fault = output?.find((line) => line.error)?.error;
      if (error || fault) reject(error ?? new Error(fault));
      else resolve();
    }, progress);
  });
}
