-- KEYS: the account, the reservation. ARGV: the actual amount. 1 if it was charged and the rest given back, 0 if it is not held.
local hold = redis.call('HMGET', KEYS[2], 'held', 'state')
if hold[2] ~= 'reserved' then return 0 end
redis.call('HINCRBY', KEYS[1], 'held', -tonumber(hold[1]))
redis.call('HINCRBY', KEYS[1], 'used', ARGV[1])
redis.call('HSET', KEYS[2], 'state', 'committed', 'actual', ARGV[1])
return 1
