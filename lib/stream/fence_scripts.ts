/**
 * The scripts of a shard's owner. All take the keys lease, epoch and stream first, and the owner's name and epoch
 * as first arguments: with the guard in front, nothing that they do can be done by an owner whose time has
 * passed, not even if it was paused between asking and doing.
 *
 * @module
 */

/** What a script answers to an owner whose epoch has passed. */
export const FENCED = "fenced";

const GUARD = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] or redis.call('GET', KEYS[2]) ~= ARGV[2] then
  return '${FENCED}'
end`;

/**
 * What is pending behind the last entry taken was left by a predecessor, or is ours and its answer got lost with
 * the connection: either way it comes before anything new, with how often each was delivered.
 *
 * Before new entries are read, the stream's counters tell whether some vanished unread: of all that was added
 * after what the group has read, more than the stream still holds. The group's counter is then put right, so
 * that each loss is told once. All losses add up under the key given, whoever gets to tell them.
 */
export const TAKE = `${GUARD}
local left = redis.call('XAUTOCLAIM', KEYS[3], ARGV[3], ARGV[1], 0, '(' .. ARGV[5], 'COUNT', ARGV[4])
if #left[3] > 0 then redis.call('INCRBY', KEYS[4], #left[3]) end
if #left[2] > 0 then
  local pending = redis.call('XPENDING', KEYS[3], ARGV[3], left[2][1][1], left[2][#left[2]][1], ARGV[4])
  return {left[2], left[3], 0, pending}
end
if #left[3] > 0 then return {left[2], left[3], 0, {}} end
local length = 0
local added = false
local stream = redis.call('XINFO', 'STREAM', KEYS[3])
for i = 1, #stream, 2 do
  if stream[i] == 'length' then length = stream[i + 1] end
  if stream[i] == 'entries-added' then added = stream[i + 1] end
end
local read = false
local delivered = ''
local groups = redis.call('XINFO', 'GROUPS', KEYS[3])
for g = 1, #groups do
  local ours = false
  for i = 1, #groups[g], 2 do
    if groups[g][i] == 'name' then ours = groups[g][i + 1] == ARGV[3] end
    if ours and groups[g][i] == 'last-delivered-id' then delivered = groups[g][i + 1] end
    if ours and groups[g][i] == 'entries-read' then read = groups[g][i + 1] end
  end
end
if not read and delivered == '0-0' then read = 0 end
local unread = 0
if added and read then unread = math.max(0, added - read - length) end
if unread > 0 then
  redis.call('INCRBY', KEYS[4], unread)
  redis.call('XGROUP', 'SETID', KEYS[3], ARGV[3], delivered, 'ENTRIESREAD', added - length)
end
local new = redis.call('XREADGROUP', 'GROUP', ARGV[3], ARGV[1], 'COUNT', ARGV[4], 'STREAMS', KEYS[3], '>')
return {new and new[1][2] or {}, {}, unread, {}}`;

/** Sets flags and acknowledges, in one step. As the shard goes forward, no former owner is under suspicion. */
export const ACK = `${GUARD}
local flags = #KEYS - 4
for i = 1, flags do redis.call('SET', KEYS[4 + i], '1', 'EX', ARGV[3 + i]) end
local acked = 0
for i = 4 + flags, #ARGV, 1000 do
  acked = acked + redis.call('XACK', KEYS[3], ARGV[3], unpack(ARGV, i, math.min(i + 999, #ARGV)))
end
redis.call('DEL', KEYS[4])
return acked`;

/**
 * The entry is dead-lettered only if it is still pending: the same call sent twice does so once. The letter names the id that
 * the entry had at first, also if it was put back meanwhile: that is its place in the order of its job.
 */
export const DEAD_LETTER = `${GUARD}
if #redis.call('XPENDING', KEYS[3], ARGV[3], ARGV[5], ARGV[5], 1) == 0 then return 0 end
local now = redis.call('TIME')
redis.call('XADD', KEYS[4], 'MAXLEN', '~', ARGV[4], '*', 'data', ARGV[6], 'reason', ARGV[7],
  'origin_stream', KEYS[3], 'origin_id', ARGV[11], 'ts', now[1] .. string.format('%03d', math.floor(now[2] / 1000)),
  'error', ARGV[8], 'deliveries', ARGV[9], 'first_seen', ARGV[10])
return redis.call('XACK', KEYS[3], ARGV[3], ARGV[5])`;

/** How long it is remembered that owners vanished, and over which entries (s). */
const CRASHES_KEPT_SECONDS = 7 * 24 * 3_600;

/** Notes that this owner has begun; how many have begun and not ended since anything was acknowledged, and accused. */
export const BEGIN = `${GUARD}
redis.call('SADD', KEYS[4], ARGV[2])
redis.call('EXPIRE', KEYS[4], ${CRASHES_KEPT_SECONDS})
return {redis.call('SCARD', KEYS[4]), redis.call('HLEN', KEYS[5])}`;

/** Sets, or forgets, how many owners vanished while they handled an entry alone. */
export const NOTE_CRASHES = `${GUARD}
if ARGV[4] == '0' then return redis.call('HDEL', KEYS[4], ARGV[3]) end
redis.call('HSET', KEYS[4], ARGV[3], ARGV[4])
return redis.call('EXPIRE', KEYS[4], ${CRASHES_KEPT_SECONDS})`;
