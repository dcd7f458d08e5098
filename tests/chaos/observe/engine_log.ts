/**
 * What the engine holds of a container: its life and its whole output.
 *
 * @module
 */
import { Buffer } from "node:buffer";
// @ts-types="@types/dockerode"
import type Docker from "dockerode";
import type { EngineLine } from "../observations.ts";

/** How the engine writes a time that never came. */
const NEVER = "0001-01-01T00:00:00Z";

/** A container's life so far; null if there is no such container. Throws if the engine does not answer. */
export async function inspectLife(docker: Docker, idOrName: string) {
  const found = await docker.getContainer(idOrName).inspect().catch(nullIfGone);
  if (!found) return null;
  const { StartedAt, FinishedAt, ExitCode, Status } = found.State;
  const over = Status !== "created" && FinishedAt !== NEVER;
  return {
    id: found.Id,
    name: found.Name.replace(/^\//, ""),
    createdAt: found.Created,
    startedAt: StartedAt === NEVER ? "" : StartedAt,
    finishedAt: over ? FinishedAt : "",
    exitCode: over ? ExitCode : null,
  };
}

/**
 * Its whole output; or, with `until` (ms since 1970), the lines that were complete by then. Throws if the engine does
 * not answer.
 */
export async function readOutput(docker: Docker, id: string, until?: number): Promise<EngineLine[]> {
  const range = until === undefined ? {} : { until: (until / 1_000).toFixed(3) as unknown as number };
  const bytes = await docker.getContainer(id).logs({ stdout: true, stderr: true, follow: false, ...range })
    .catch(nullIfGone);
  return bytes ? outputLines(bytes, { complete: until !== undefined }) : [];
}

/** Lines in the Engine's frames (a byte of stream, three of nothing, four of length, then the text). Pure. */
export function outputLines(frames: Uint8Array, { complete = false } = {}): EngineLine[] {
  const parts: Record<"stdout" | "stderr", Buffer[]> = { stdout: [], stderr: [] };
  const bytes = Buffer.from(frames.buffer, frames.byteOffset, frames.byteLength);
  for (let at = 0; at + 8 <= bytes.length;) {
    const end = at + 8 + bytes.readUInt32BE(at + 4);
    parts[bytes[at] === 2 ? "stderr" : "stdout"].push(bytes.subarray(at + 8, end));
    at = end;
  }
  return (["stdout", "stderr"] as const).flatMap((stream) => {
    const lines = Buffer.concat(parts[stream]).toString().split("\n");
    if (complete || lines.at(-1) === "") lines.pop();
    return lines.map((text) => ({ stream, text }));
  });
}

function nullIfGone(error: unknown): null {
  if (error instanceof Error && "statusCode" in error && error.statusCode === 404) return null;
  throw error;
}
