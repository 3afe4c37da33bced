"""What Redis does in one step: take messages, put them back, find forgotten ones."""

# KEYS: what is unacknowledged, since when, then the queues. ARGV: how many tags are
# acknowledged, those tags, then a tag for each message that may be taken.
RECEIVE_SCRIPT = """
local seen = tonumber(ARGV[1])
for at = 2, seen + 1 do
    redis.call('HDEL', KEYS[1], ARGV[at])
    redis.call('ZREM', KEYS[2], ARGV[at])
end
local now = redis.call('TIME')[1]
local taken, free = {}, seen + 2
for at = 3, #KEYS do
    while free <= #ARGV do
        local item = redis.call('RPOP', KEYS[at])
        if not item then break end
        redis.call('HSET', KEYS[1], ARGV[free], KEYS[at] .. '\\n' .. item)
        redis.call('ZADD', KEYS[2], now, ARGV[free])
        taken[#taken + 1] = {ARGV[free], KEYS[at], item}
        free = free + 1
    end
end
return taken
"""
# ARGV: the tags to put back to where they were taken.
REQUEUE_SCRIPT = """
for _, tag in ipairs(ARGV) do
    local kept = redis.call('HGET', KEYS[1], tag)
    if kept then
        local line = string.find(kept, '\\n', 1, true)
        redis.call('RPUSH', string.sub(kept, 1, line - 1), string.sub(kept, line + 1))
        redis.call('HDEL', KEYS[1], tag)
    end
    redis.call('ZREM', KEYS[2], tag)
end
"""
# ARGV: after how many seconds a message counts as lost, and how many to look for.
FIND_STALE_SCRIPT = """
local limit = redis.call('TIME')[1] - ARGV[1]
return redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', limit, 'LIMIT', 0, ARGV[2])
"""
