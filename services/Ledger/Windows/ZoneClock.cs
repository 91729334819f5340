namespace Metering.Ledger.Windows;

// The clock on the wall of a zone. Moments are UTC ticks, local times are ticks read off that clock. It asks the zone only for
// the offset at a moment, which has one answer; offsets of local times have none or two around a shift.
internal readonly struct ZoneClock(TimeZoneInfo zone)
{
    // Beyond every representable moment, for boundaries that lie outside time.
    public const long Before = -1;
    public const long After = long.MaxValue;

    // No zone has ever been further from UTC, and none shifts twice in twice that time.
    private const long OffsetMax = 16 * TimeSpan.TicksPerHour;

    public long OffsetAt(long moment) =>
        zone.GetUtcOffset(new DateTime(Math.Clamp(moment, 0, DateTime.MaxValue.Ticks), DateTimeKind.Utc)).Ticks;

    public long Local(long moment) => Math.Clamp(moment + OffsetAt(moment), 0, DateTime.MaxValue.Ticks);

    // The first moment at which the clock shows this local time or a later one.
    public long FirstMomentOf(long local)
    {
        if (local < 0) return Before;
        if (local > DateTime.MaxValue.Ticks) return After;
        var (before, after) = (OffsetAt(local - OffsetMax), OffsetAt(local + OffsetMax));
        if (before == after) return local - before;
        var shift = ShiftBetween(local - OffsetMax, local + OffsetMax);
        return local - before < shift ? local - before : Math.Max(local - after, shift);
    }

    // The first moment in (from, to] that has another offset than `from`, found by halving; the offsets at both ends differ.
    public long ShiftBetween(long from, long to)
    {
        var (before, offset) = (from, OffsetAt(from));
        while (to - before > 1)
        {
            var middle = before + (to - before) / 2;
            if (OffsetAt(middle) == offset) before = middle;
            else to = middle;
        }
        return to;
    }
}
