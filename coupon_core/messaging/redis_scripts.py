"""Lua scripts that Redis runs atomically: receive, requeue, and find stale messages."""

# KEYS: unacknowledged messages, their times, then the queues. ARGV: the number of
# acknowledged tags, these tags, then one tag for each message that may be received.
RECEIVE_SCRIPT = """
local acknowledged_count = tonumber(ARGV[1])
for index = 2, acknowledged_count + 1 do
    redis.call('HDEL', KEYS[1], ARGV[index])
    redis.call('ZREM', KEYS[2], ARGV[index])
end
local now = redis.call('TIME')[1]
local received, next_tag = {}, acknowledged_count + 2
for index = 3, #KEYS do
    while next_tag <= #ARGV do
        local item = redis.call('RPOP', KEYS[index])
        if not item then break end
        redis.call('HSET', KEYS[1], ARGV[next_tag], KEYS[index] .. '\\n' .. item)
        redis.call('ZADD', KEYS[2], now, ARGV[next_tag])
        received[#received + 1] = {ARGV[next_tag], KEYS[index], item}
        next_tag = next_tag + 1
    end
end
return received
"""
# ARGV: the tags of messages to return to their queues.
REQUEUE_SCRIPT = """
for _, tag in ipairs(ARGV) do
    local entry = redis.call('HGET', KEYS[1], tag)
    if entry then
        local line = string.find(entry, '\\n', 1, true)
        if line then -- otherwise the entry is not one of ours
            redis.call(
                'RPUSH', string.sub(entry, 1, line - 1), string.sub(entry, line + 1))
        end
        redis.call('HDEL', KEYS[1], tag)
    end
    redis.call('ZREM', KEYS[2], tag)
end
"""
# ARGV: seconds until a message is stale, and the maximum number to return.
FIND_STALE_SCRIPT = """
local limit = redis.call('TIME')[1] - ARGV[1]
return redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', limit, 'LIMIT', 0, ARGV[2])
"""
