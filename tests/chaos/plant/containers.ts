/**
 * Plants in the engine: containers that are removed or made behind everybody's back.
 *
 * @module
 */
import type { Plant } from "./plant.ts";

/** Containers are tampered with. */
export const CONTAINER_PLANTS: readonly Plant[] = [
  {
    name: "G5-early-removal",
    guarantee: "G5",
    about: "a plugin's container is removed while it runs",
    during: async ({ docker }, { jobId }) => void await docker.getContainer(jobId).remove({ force: true }),
  },
  {
    name: "G7-second-container",
    guarantee: "G7",
    about: "a plugin runs a second time",
    after: async ({ docker, world }, { jobId }) => {
      const [label = "", value = ""] = world.label.split("=");
      const container = await docker.createContainer({
        name: jobId,
        Image: world.image,
        Cmd: ["true"],
        Labels: { [label]: value, "org.chrisproject.job_type": "plugin" },
      });
      await container.start();
      await container.wait();
    },
  },
];
