/** A user of the machine, by number. */
export interface SystemUser {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

/**
 * As whom a server that refuses to run as root is started: null (as ourselves) unless we are root, then the
 * first of `names` that the machine knows.
 *
 * @throws {Error} if we are root and none of the users exists.
 */
export async function serverUser(
  names: readonly string[] = ["postgres", "nobody"],
): Promise<SystemUser | null> {
  if (Deno.uid() !== 0) return null;
  const users = parsePasswd(await Deno.readTextFile("/etc/passwd"));
  for (const name of names) {
    const user = users.find((known) => known.name === name);
    if (user) return user;
  }
  throw new Error(`Cannot run a server as root: this machine has no user ${names.join(" or ")}`);
}

/** The users of a passwd file (see passwd(5)); lines that are none are left out. */
export function parsePasswd(text: string): SystemUser[] {
  return text.split("\n").flatMap((line) => {
    const [name, , uid, gid] = line.split(":");
    if (!name || !/^\d+$/.test(uid ?? "") || !/^\d+$/.test(gid ?? "")) return [];
    return [{ name, uid: Number(uid), gid: Number(gid) }];
  });
}
