/**
 * Where the demo's containers run, and what they are made of.
 *
 * @module
 */
import { openDocker } from "../docker_client.ts";
import { type Engine, pickEngine, startProcessEngine } from "../engine.ts";
import { BUSYBOX_IMAGE, ensureSampleImage, NoSampleImageError } from "../sample_image.ts";
import type { ProvideOptions } from "./provided.ts";

/** An engine that is ready, with an image for the sample. */
export interface Compute {
  readonly engine: Engine;
  readonly image: string;
}

/** The Docker Engine if one answers and has an image to work with, else an engine of processes. @throws {StartError} */
export async function provideCompute(options: ProvideOptions): Promise<Compute> {
  const { dir, env, say } = options;
  const engine = await pickEngine({ dir, image: BUSYBOX_IMAGE, env });
  if (engine.kind === "process") return { engine, image: BUSYBOX_IMAGE };
  try {
    return { engine, image: await ensureSampleImage(openDocker(engine.host), { progress: say }) };
  } catch (error) {
    if (!(error instanceof NoSampleImageError)) throw error;
    say(`${error.message}; containers run as processes of this machine instead`);
    return { engine: await startProcessEngine({ dir, image: BUSYBOX_IMAGE }), image: BUSYBOX_IMAGE };
  }
}

/** Removes every container with this label value, running or not, and says how many there were. */
export async function removeContainers(host: string, label: string): Promise<number> {
  const docker = openDocker(host);
  const found = await docker.listContainers({ all: true, filters: { label: [label] } });
  await Promise.all(
    found.map(({ Id }) => docker.getContainer(Id).remove({ force: true, v: true }).catch(() => {})),
  );
  return found.length;
}
