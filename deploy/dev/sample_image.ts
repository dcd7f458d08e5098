/**
 * An image for the sample workflow: the plugin everybody knows where it can be had, else one made on the spot.
 *
 * @module
 */
// @ts-types="@types/dockerode"
import type Docker from "dockerode";
import { Readable } from "node:stream";
import { finished, hasImage, pullImage } from "./images.ts";
import { busyboxRoot, findStaticBusybox } from "./busybox_root.ts";
import { tarArchive } from "./tar_archive.ts";

/** A plugin of the ChRIS project. */
const PLUGIN_IMAGE = "ghcr.io/fnndsc/pl-simpledsapp:2.1.0";

/** The image made of a busybox where the other cannot be had. */
export const BUSYBOX_IMAGE = "localhost/chris-sample:1";

/** No image for the sample can be had on this machine. */
export class NoSampleImageError extends Error {
  override readonly name = "NoSampleImageError";
}

/** How an image is looked for. */
export interface SampleImageOptions {
  /** Whether to try a registry. @default true */
  readonly pull?: boolean;
  /** Told what is going on. */
  readonly progress?: (text: string) => void;
}

/**
 * Name of an image that the engine has: the plugin's if present or quickly pulled, else the busybox one.
 *
 * @throws {NoSampleImageError} if neither can be had.
 */
export async function ensureSampleImage(docker: Docker, options: SampleImageOptions = {}): Promise<string> {
  const { pull = true, progress = () => {} } = options;
  if (await hasImage(docker, PLUGIN_IMAGE)) return PLUGIN_IMAGE;
  if (pull) {
    progress(`asking the registry for ${PLUGIN_IMAGE}`);
    if (await pullImage(docker, PLUGIN_IMAGE)) return PLUGIN_IMAGE;
  }
  if (await hasImage(docker, BUSYBOX_IMAGE)) return BUSYBOX_IMAGE;
  progress(`making ${BUSYBOX_IMAGE} of a static busybox`);
  await importBusybox(docker);
  return BUSYBOX_IMAGE;
}

/** Makes the busybox image anew. @throws {NoSampleImageError} if the machine has no static busybox. */
export async function importBusybox(docker: Docker): Promise<void> {
  const path = await findStaticBusybox();
  if (!path) {
    throw new NoSampleImageError(
      `Cannot make a sample image: ${PLUGIN_IMAGE} cannot be pulled, and there is no static busybox on PATH ` +
        "(Debian's package busybox-static)",
    );
  }
  const at = BUSYBOX_IMAGE.lastIndexOf(":");
  const answer = await docker.importImage(Readable.from([tarArchive(await busyboxRoot(path))]), {
    repo: BUSYBOX_IMAGE.slice(0, at),
    tag: BUSYBOX_IMAGE.slice(at + 1),
  });
  await finished(docker, answer);
}
