/**
 * Settings, named as pfcon names them where it has them.
 *
 * @module
 */
import { z } from "@zod/zod";
import { bool, int } from "lib/run/config.ts";

/** `k=v,k2=v2`. */
const labels = z.string().transform((text, context) => {
  const pairs = text.split(",").map((pair) => pair.trim()).filter((pair) => pair !== "");
  const bad = pairs.find((pair) => !/^[^=]+=/.test(pair));
  if (bad !== undefined) {
    context.addIssue({ code: "custom", message: `expected key=value pairs, not "${bad}"` });
  }
  return Object.fromEntries(
    pairs.map((pair) => [pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1)]),
  );
});

/** An absolute path. */
const path = z.string({ error: "expected an absolute path" }).startsWith("/", {
  error: "expected an absolute path",
});

/** Settings of the stand-in. */
export const PfconDevConfig = z.object({
  HOST: z.string().default("127.0.0.1").describe("Address to listen on"),
  PORT: int(0, 65_535).default(5005).describe("Port to listen on; 0 for any free one"),
  PFCON_USER: z.string({ error: "expected a user name" }).describe("User that clients log in as"),
  PFCON_PASSWORD: z.string({ error: "expected a password" }).describe("Password of that user"),
  SECRET_KEY: z.string().optional().describe("Key that signs tokens; random at each start if not set"),
  STORAGE_ENV: z.enum(["fslink", "filesystem", "s3"]).default("fslink").describe(
    "Kind of storage to act for",
  ),
  STOREBASE: path.describe("The store as the engine's host sees it"),
  STOREBASE_MOUNT: path.optional().describe("The store as this process sees it, if that differs"),
  PFCON_OP_IMAGE: z.string().default("busybox:1").describe("Image with a shell, for copy, upload and delete"),
  JOB_LABELS: labels.default({ "org.chrisproject.miniChRIS": "plugininstance" }).describe(
    "Labels of all containers",
  ),
  REMOVE_JOBS: bool().default(true).describe("Whether DELETE removes containers"),
  JOB_LOGS_TAIL: int(0).default(1000).describe("Lines of output in answers"),
  IGNORE_LIMITS: bool().default(false).describe("Whether to run without CPU and memory limits"),
  DOCKER_HOST: z.string().regex(/^(unix|tcp|http):\/\/./, { error: "expected unix://, tcp:// or http://" })
    .default("unix:///var/run/docker.sock").describe("Where the Docker Engine listens"),
  LOG_LEVEL: z.enum(["debug", "info", "warn", "error"]).default("info").describe(
    "Least level that is logged",
  ),
});
/** Settings of the stand-in. */
export type PfconDevConfig = z.infer<typeof PfconDevConfig>;
