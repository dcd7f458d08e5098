/**
 * The hosts behind addresses, written as `deno run --allow-net` wants them.
 *
 * @module
 */

/**
 * `host:port` of each host an address names (several, divided by commas, where the scheme allows it); none for
 * an empty address.
 *
 * @throws {RangeError} if there is no host in it. The message does not show the address: it may hold a password.
 */
export function hostsOf(address: string, defaultPort: number): string[] {
  if (!address) return [];
  const match = /^([a-z][a-z0-9+.-]*):\/\/(?:[^/?#]*@)?([^/?#@]+)/i.exec(address);
  const hosts = match?.[2]?.split(",") ?? [];
  if (hosts.length === 0 || !hosts.every((host) => HOST.test(host))) {
    throw new RangeError("Cannot tell which host an address names: expected scheme://host:port/…");
  }
  const port = match?.[1]?.toLowerCase() === "https" ? 443 : defaultPort;
  return hosts.map((host) => /:\d+$/.test(host) ? host : `${host}:${port}`);
}

/** A name, an IPv4 address or an IPv6 address in brackets, perhaps with a port. */
const HOST = /^(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?$/;

/** Where a primary that Sentinel names is looked for when nobody says where it may be. */
const PRIVATE_NETWORKS = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8"];

/**
 * The hosts behind a Redis address. Which of them is the primary is told by Sentinel at run time, perhaps one that
 * did not exist when the worker was started, so asking the sentinels at start would not do. With Sentinel these are
 * therefore the sentinels, each also on every other port (they often stand beside a Redis server), and
 * `masterHosts`: see {@link masterHostsFault}. Without that list: port 6379 in the private IPv4 networks.
 *
 * @throws {RangeError} as {@link hostsOf} does.
 */
export function redisHosts(url: string, masterHosts: string): string[] {
  if (!/^rediss?\+sentinel:\/\//.test(url)) return hostsOf(url, 6379);
  const sentinels = hostsOf(url, 26379).map((host) => host.replace(/:\d+$/, ""));
  const masters = listed(masterHosts);
  return [
    ...sentinels,
    ...(masters.length > 0 ? masters : PRIVATE_NETWORKS.map((network) => `${network}:6379`)),
  ];
}

/** What is wrong with a list of `host`, `host:port` or `network/bits:port` divided by commas; null if nothing. */
export function masterHostsFault(masterHosts: string): string | null {
  const bad = listed(masterHosts).find((host) => !HOST.test(host.replace(/\/\d{1,3}(?=:|$)/, "")));
  return bad === undefined
    ? null
    : `expected host:port or network/bits:port, divided by commas, not "${bad}"`;
}

function listed(hosts: string): string[] {
  return hosts.split(",").map((host) => host.trim()).filter(Boolean);
}
