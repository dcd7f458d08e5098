/**
 * Plants in what was seen, for promises that nobody can break from outside without changing a worker: how it ends,
 * whether it becomes ready, how often the SSE service tells an event.
 *
 * @module
 */
import type { Plant } from "./plant.ts";

/** What is told of processes is tampered with. */
export const SEEN_PLANTS: readonly Plant[] = [
  {
    name: "G10-told-again",
    guarantee: "G10",
    about: "a client is told a state of its job twice",
    edit: (observations, jobId) => ({
      ...observations,
      events: observations.events.flatMap((event) =>
        event.jobId === jobId && event.client === "late" && event.data?.status === "started"
          ? [event, event]
          : [event]
      ),
    }),
  },
  {
    name: "G15-exit-code",
    guarantee: "G15",
    about: "a worker that was asked to stop is said to have ended with 1",
    subject: "planted worker",
    edit: (observations) => ({
      ...observations,
      stops: [...observations.stops, { worker: "planted worker", code: 1, ms: 10, signals: 1 }],
    }),
  },
  {
    name: "G16-not-ready",
    guarantee: "G16",
    about: "the workers are said not to have become ready",
    subject: "workers",
    edit: (observations) => ({ ...observations, healedAt: null }),
  },
];
