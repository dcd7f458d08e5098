// @ts-check
/// <reference no-default-lib="true" />
/// <reference lib="esnext" />
/// <reference lib="dom" />
/**
 * Choices kept in this browser. Where it keeps nothing (private windows, blocked storage), the page works without.
 *
 * @module
 */

/** @typedef {{ id: string, image: string, at: number }} RecentJob */

const RECENT_MAX = 8;

/**
 * @param {string} name
 * @returns {string | null}
 */
export function readChoice(name) {
  try {
    return localStorage.getItem(name);
  } catch {
    return null;
  }
}

/**
 * @param {string} name
 * @param {string} value
 */
export function keepChoice(name, value) {
  try {
    localStorage.setItem(name, value);
  } catch {
    // not kept
  }
}

/**
 * @returns {RecentJob[]} newest first
 */
export function recentJobs() {
  try {
    const jobs = JSON.parse(readChoice("recent-jobs") ?? "[]");
    return Array.isArray(jobs) ? jobs.filter((job) => typeof job?.id === "string").slice(0, RECENT_MAX) : [];
  } catch {
    return [];
  }
}

/** @param {RecentJob} job the one just opened; what was known of it and is not told now stays */
export function keepRecentJob(job) {
  const others = recentJobs();
  const known = others.find((other) => other.id === job.id);
  const newest = { ...job, image: job.image || known?.image || "" };
  const jobs = [newest, ...others.filter((other) => other.id !== job.id)].slice(0, RECENT_MAX);
  keepChoice("recent-jobs", JSON.stringify(jobs));
}
