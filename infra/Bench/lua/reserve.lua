-- KEYS: the account, the reservation. ARGV: the amount. 1 if it was set aside, 0 if there is no room.
local room = redis.call('HMGET', KEYS[1], 'quota', 'used', 'held')
if tonumber(room[2]) + tonumber(room[3]) + tonumber(ARGV[1]) > tonumber(room[1]) then return 0 end
if redis.call('EXISTS', KEYS[2]) == 1 then return 1 end
redis.call('HINCRBY', KEYS[1], 'held', ARGV[1])
redis.call('HSET', KEYS[2], 'held', ARGV[1], 'state', 'reserved')
return 1
