/**
 * What of snapshots must happen at once runs in the server. An entry is a hash (`parts`: key of the list, `count`, `bytes`, `partBytes`); the index is a sorted set of
 * the names, all of rank 0, which makes it alphabetic.
 */

/** KEYS: index, entry, list of parts. ARGV: name, count, bytes, bytes of a part, its TTL, TTL of the parts it replaces (ms). Answers 0 when parts are missing. */
export const putScript = `
if redis.call('LLEN', KEYS[3]) ~= tonumber(ARGV[2]) then return 0 end
local replaced = redis.call('HGET', KEYS[2], 'parts')
if replaced then redis.call('PEXPIRE', replaced, ARGV[6]) end
redis.call('PEXPIRE', KEYS[3], ARGV[5])
redis.call('HSET', KEYS[2], 'parts', KEYS[3], 'count', ARGV[2], 'bytes', ARGV[3], 'partBytes', ARGV[4])
redis.call('PEXPIRE', KEYS[2], ARGV[5])
redis.call('ZADD', KEYS[1], 0, ARGV[1])
return 1`;

/** KEYS: index, entry. ARGV: name. */
export const removeScript = `
local parts = redis.call('HGET', KEYS[2], 'parts')
if parts then redis.call('UNLINK', parts, KEYS[2]) end
redis.call('ZREM', KEYS[1], ARGV[1])`;

/** KEYS: index. ARGV: least name, all that is before the first name behind, beginning of entries. Entries that went by their TTL leave the index. */
export const namesScript = `
local left = {}
for _, name in ipairs(redis.call('ZRANGEBYLEX', KEYS[1], ARGV[1], ARGV[2])) do
  if redis.call('EXISTS', ARGV[3] .. name) == 1 then left[#left + 1] = name else redis.call('ZREM', KEYS[1], name) end
end
return left`;
