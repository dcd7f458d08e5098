/**
 * A process that does one thing of the task worker and is killed at one of its points, for tests. Arguments:
 * addresses of Postgres, Redis and pfcon, user and password of pfcon, the deed, the number of the point.
 *
 * @module
 */
import { PfconClient } from "lib/pfcon/client.ts";
import { silentLogger as log } from "lib/run/log.ts";
import { openPostgres } from "lib/store/open.ts";
import { openRedis } from "lib/stream/open_redis.ts";
import { lifeDeeds } from "./life_deeds.ts";
import { FaultPoints } from "./fault_points.ts";

const [dsn = "", redisUrl = "", url = "", user = "", password = "", deed = "", at = "0"] = Deno.args;
const points = new FaultPoints((_, number) => {
  if (number === Number(at)) Deno.kill(Deno.pid, "SIGKILL");
  return false;
});
await using sql = openPostgres(dsn);
await using redis = openRedis(redisUrl, { name: "probe", log });
const pfcon = new PfconClient({ url, user, password });
await lifeDeeds({ sql, redis, pfcon }, points)[deed]?.();
