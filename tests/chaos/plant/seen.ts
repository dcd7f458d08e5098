/**
 * Plants in what was seen, for promises about processes: how a worker ends, and whether it becomes ready, nobody can
 * change from outside without changing the worker.
 *
 * @module
 */
import type { Plant } from "./plant.ts";

/** What is told of processes is tampered with. */
export const SEEN_PLANTS: readonly Plant[] = [
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
