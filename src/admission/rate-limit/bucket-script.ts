import { createHash } from "node:crypto";

/**
 * `token-bucket.ts` in Lua: the same arithmetic on the same doubles in the same order. A test compares the two.
 *
 * KEYS: one bucket each. ARGV: the action (`take` or `settle`), its amount, then burst and refill per second of each
 * bucket. Returns Redis' time of day in whole milliseconds, then for each bucket the milliseconds to wait, the tokens that
 * are left and the milliseconds until it is full.
 *
 * A bucket is stored as two doubles, its tokens and the time of its last change; anything else counts as none. It expires when it is full again; a second later, so
 * that neither rounding nor a small step of the clock fills it early.
 */
export const bucketScript = `
local action, amount = ARGV[1], tonumber(ARGV[2])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local function balance(bucket, at)
  return math.min(bucket.burst, bucket.tokens + ((at - bucket.updated) * bucket.refill) / 1000)
end

local function wait_for(bucket, needed)
  if balance(bucket, now) >= needed then
    return 0
  end
  local wait = math.ceil(((needed - bucket.tokens) * 1000) / bucket.refill)
  wait = math.max(1, wait - (now - bucket.updated))
  if balance(bucket, now + wait) < needed then
    wait = wait + 1
  elseif wait > 1 and balance(bucket, now + wait - 1) >= needed then
    wait = wait - 1
  end
  return wait
end

local buckets, is_charged = {}, true
for index, state in ipairs(redis.call('MGET', unpack(KEYS))) do
  local bucket = { burst = tonumber(ARGV[2 * index + 1]), refill = tonumber(ARGV[2 * index + 2]), wait = 0 }
  if state and #state == 16 then
    bucket.tokens, bucket.updated = struct.unpack('<dd', state)
  else
    bucket.tokens, bucket.updated = bucket.burst, now
  end
  if bucket.updated > now then
    bucket.updated, bucket.is_set_back = now, true
  end
  if action == 'take' then
    bucket.wait = wait_for(bucket, math.min(amount, bucket.burst))
    is_charged = is_charged and bucket.wait == 0
  end
  buckets[index] = bucket
end

local reply = { now }
for index, bucket in ipairs(buckets) do
  local tokens, is_changed = balance(bucket, now), true
  if action == 'settle' then
    tokens = math.min(bucket.burst, math.max(-bucket.burst, tokens - amount))
    bucket.tokens, bucket.updated = tokens, now
    bucket.wait = wait_for(bucket, 0)
  elseif is_charged then
    tokens = tokens - math.min(amount, bucket.burst)
    bucket.tokens, bucket.updated = tokens, now
  else
    is_changed = bucket.is_set_back and bucket.wait > 0
  end
  local reset = math.ceil(((bucket.burst - tokens) * 1000) / bucket.refill)
  if is_changed then
    redis.call('SET', KEYS[index], struct.pack('<dd', bucket.tokens, bucket.updated), 'PX', reset + 1000)
  end
  reply[3 * index - 1] = bucket.wait
  reply[3 * index] = math.floor(math.max(0, tokens))
  reply[3 * index + 1] = reset
end
return reply
`;

/** What EVALSHA calls the script by. */
export const bucketScriptDigest: string = createHash("sha1").update(bucketScript).digest("hex");
