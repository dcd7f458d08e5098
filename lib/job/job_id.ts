/**
 * Job ids, checked at the border (architecture.md §8): an id becomes container names, and the runtime and pfcon
 * look containers up by them.
 *
 * @module
 */
import { z } from "@zod/zod";
import { JOB_SUFFIXES } from "./identity.ts";

const PATTERN = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;
const HEX_ONLY = /^[0-9A-Fa-f]+$/;
const KUBERNETES_PATTERN = /^[a-z0-9](?:[a-z0-9-]{0,54}[a-z0-9])?$/;

/**
 * What is wrong with a job id, in a sentence that says what is allowed; null if the id is fine.
 *
 * Ids of hex digits only are refused because Docker and pfcon would also match them as the beginning of some
 * other container's id; ids that end like a step's container, because their plugin container would be taken for
 * another job's step.
 */
export function jobIdFault(id: string): string | null {
  if (!PATTERN.test(id)) {
    return `job id ${shown(id)} is not usable: expected 1 to 63 letters, digits, ".", "_" or "-", ` +
      `the first of them a letter or digit`;
  }
  if (HEX_ONLY.test(id)) {
    return `job id ${
      shown(id)
    } consists of hex digits only and could be taken for the beginning of a container ` +
      `id: expected at least one character other than 0-9, a-f and A-F, as in ${
        shown(`job-${id}`.slice(0, 63))
      }`;
  }
  const suffix = JOB_SUFFIXES.find((reserved) => id.endsWith(reserved));
  if (suffix) {
    return `job id ${shown(id)} ends in "${suffix}", which marks a step's container: ` +
      `expected an id that does not end in ${JOB_SUFFIXES.map((reserved) => `"${reserved}"`).join(", ")}`;
  }
  return null;
}

/**
 * The same for a Kubernetes cluster, where the longest name made of the id (`{id}-upload`, `{id}-delete`) must
 * still be a label of RFC 1123.
 */
export function kubernetesJobIdFault(id: string): string | null {
  if (!KUBERNETES_PATTERN.test(id)) {
    return `job id ${
      shown(id)
    } is not usable on Kubernetes: expected 1 to 56 lower-case letters, digits or "-", ` +
      `the first and the last of them a letter or digit`;
  }
  return jobIdFault(id);
}

/** A job id that every runtime but Kubernetes can carry. */
export const JobId = z.string().superRefine(refusing(jobIdFault));
/** A job id that Kubernetes can carry too. */
export const KubernetesJobId = z.string().superRefine(refusing(kubernetesJobIdFault));

function refusing(faultOf: (id: string) => string | null) {
  return (id: string, context: z.RefinementCtx<string>): void => {
    const fault = faultOf(id);
    if (fault) context.addIssue({ code: "custom", message: fault });
  };
}

/** Quoted, with everything unprintable escaped, and never longer than a line. */
function shown(id: string): string {
  return JSON.stringify(id.length > 80 ? `${id.slice(0, 77)}...` : id);
}
