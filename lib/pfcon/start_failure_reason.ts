import type { Reason } from "../event/status.ts";

/** A container was made, so its image is there: what failed is the program inside. */
const BEYOND_THE_IMAGE = /OCI runtime|executable file not found|exec format error/i;

/** How engines and the client libraries before them tell that an image cannot be had. */
const NO_IMAGE = [
  /\/images\/create\b/i,
  /\bno such image\b/i,
  /\bimage\b.*\bnot found\b/i,
  /\b(?:pull|pulling) (?:access denied|rate limit|image)\b/i,
  /\bmanifest\b.*\b(?:unknown|not found)\b/i,
  /\brepository\b.*\b(?:not found|does not exist)\b/i,
  /\binvalid reference format\b/i,
  /\btoomanyrequests\b/i,
  /\b(?:ErrImagePull|ImagePullBackOff|InvalidImageName)\b/,
  /\/v2\/.*\b(?:dial|lookup|timeout|timed out|refused|unauthorized|denied|certificate|tls)\b/i,
];

/**
 * Why a container was not started, from pfcon's text of a {@linkcode PfconFaultError} or
 * {@linkcode PfconRejectedError} (wire.md §7). The only place where such text is recognised.
 */
export function startFailureReason(message: string): Extract<Reason["code"], "image-pull" | "start-failed"> {
  if (BEYOND_THE_IMAGE.test(message)) return "start-failed";
  return NO_IMAGE.some((sign) => sign.test(message)) ? "image-pull" : "start-failed";
}
