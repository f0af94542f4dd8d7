use std::sync::LazyLock;

use redis::Script;

/// What [`APPEND_CODE`] answers.
pub(super) const WRITTEN: i64 = 1;
/// The stream is not known, or not any more.
pub(super) const UNKNOWN: i64 = 2;

/// Appends to the log of a stream as long as the writer is the one that opened it and nobody has declared it lost. What
/// was appended before is left alone, so that a writer that has not heard the answer can ask again.
///
/// Keys: the stream, its log. Arguments: epoch, number of the first event and of the last one, text, `1` where the
/// stream ends, milliseconds to live from here on, most bytes of the log.
pub(super) const APPEND_CODE: &str = r"
        local known = redis.call('HMGET', KEYS[1], 'epoch', 'state', 'last', 'bytes')
        if not known[1] then return 2 end
        if known[1] ~= ARGV[1] or known[2] == 'lost' then return 0 end
        if known[2] == 'ended' then return 1 end
        local last = tonumber(known[3])
        if tonumber(ARGV[3]) > last then
            last = tonumber(ARGV[3])
            redis.call('XADD', KEYS[2], ARGV[3] .. '-0', 'first', ARGV[2], 'text', ARGV[4])
            local bytes = tonumber(known[4] or '0') + #ARGV[4]
            if bytes > tonumber(ARGV[7]) then
                redis.call('XTRIM', KEYS[2], 'MAXLEN', math.ceil(redis.call('XLEN', KEYS[2]) / 2))
                bytes = math.floor(bytes / 2)
            end
            redis.call('HSET', KEYS[1], 'last', last, 'bytes', bytes)
        end
        if ARGV[5] == '1' then
            redis.call('XADD', KEYS[2], last .. '-1', 'end', '1')
            redis.call('HSET', KEYS[1], 'state', 'ended')
        end
        redis.call('PEXPIRE', KEYS[1], ARGV[6])
        redis.call('PEXPIRE', KEYS[2], ARGV[6])
        return 1
        ";

/// [`APPEND_CODE`], by its name.
pub(super) static APPEND: LazyLock<Script> = LazyLock::new(|| Script::new(APPEND_CODE));

/// Declares a stream lost where its writer is gone, and says whether it is. From then on the writer can append nothing,
/// should it turn up again.
///
/// Keys: the stream, the sign of life of its writer.
pub(super) static LOSE: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
        local state = redis.call('HGET', KEYS[1], 'state')
        if not state or state == 'lost' then return 1 end
        if state == 'open' and redis.call('EXISTS', KEYS[2]) == 0 then
            redis.call('HSET', KEYS[1], 'state', 'lost')
            return 1
        end
        return 0
        ",
    )
});
