/**
 * Settings of the processes that watch the container runtime: the reference's names and defaults.
 *
 * @module
 */
import { z } from "@zod/zod";
import { address, int } from "../run/config.ts";

/** Spread into a forwarder's `Config`. */
export const runtimeSettings = {
  COMPUTE_ENV: z.enum(["docker"]).default("docker").describe(
    "Where containers run; this version knows Docker.",
  ),
  DOCKER_HOST: address("unix", "tcp").default("unix:///var/run/docker.sock").describe(
    "The Docker Engine: `unix:///path/to/socket` or `tcp://host:port`.",
  ),
  DOCKER_LABEL_FILTER: z.string().default("org.chrisproject.miniChRIS").describe(
    "Docker label that marks the containers to watch.",
  ),
  DOCKER_LABEL_VALUE: z.string().default("plugininstance").describe("Value which that label must have."),
  FORWARDER_NAME: z.string().regex(/^[A-Za-z0-9._-]{1,64}$/, {
    error: 'expected 1 to 64 letters, digits, ".", "_" or "-"',
  }).default("default").describe(
    "Forwarders of one name watch the same containers, one at a time. One that watches another Docker Engine, or " +
      "another label, with the same Redis needs another name.",
  ),
  FORWARDER_LEASE_TTL_MS: int(500, 600_000).default(15_000).describe(
    "A second replica takes over when the leading one has been silent this long (ms).",
  ),
};
