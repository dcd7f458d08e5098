// @ts-types="@types/dockerode"
import type Docker from "dockerode";
import { hasImage } from "../../deploy/dev/images.ts";
import { BUSYBOX_IMAGE, importBusybox } from "../../deploy/dev/sample_image.ts";

/**
 * Name of an image with a shell and the usual small programs that the engine has: `TEST_IMAGE` if that is set,
 * else one made of this machine's static busybox, which stays for the next test.
 *
 * @throws {Error} if there is no static busybox.
 */
export async function ensureTestImage(docker: Docker): Promise<string> {
  const given = Deno.env.get("TEST_IMAGE");
  if (given) return given;
  if (!await hasImage(docker, BUSYBOX_IMAGE)) await importBusybox(docker);
  return BUSYBOX_IMAGE;
}
