import type { JobType, StatusEvent } from "lib/event/status.ts";
import type { Ending } from "lib/testing/workflow_model.ts";

/** How pfcon and the containers behave. */
export type Plan = Readonly<Record<JobType, Ending>>;

/** Something that happens; `crashAt` is the point at which the process dies while it does it, 0 for none. */
export interface Happening {
  readonly kind:
    | "order"
    | "tell"
    | "prove"
    | "cleanUp"
    | "relay"
    | "sweep"
    | "pfconFails"
    | "cancel"
    | "retry";
  readonly step: JobType;
  /** Which of the container's states is told. */
  readonly state: number;
  readonly crashAt: number;
}

/** A container that was made, with what is to be told of it. */
export interface Container {
  readonly attempt: number;
  readonly step: JobType;
  readonly events: readonly StatusEvent[];
}
