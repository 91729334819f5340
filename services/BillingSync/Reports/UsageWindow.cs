namespace Metering.BillingSync.Reports;

/// <summary>When usage counts, and which times Stripe takes: 35 days back to 5 minutes ahead, less a margin for clocks and for the way.</summary>
public static class UsageWindow
{
    /// <summary>How far back a timestamp may lie.</summary>
    public static readonly TimeSpan Back = TimeSpan.FromDays(35) - TimeSpan.FromMinutes(10);

    /// <summary>How far ahead.</summary>
    public static readonly TimeSpan Ahead = TimeSpan.FromMinutes(4);

    /// <summary>
    /// A second before the end of a period, in whole seconds as Stripe has them, within <c>[start, end)</c>; the start of a period too short for that.
    /// </summary>
    public static DateTimeOffset TimestampOf(DateTimeOffset start, DateTimeOffset end)
    {
        var late = Seconds(end.AddSeconds(-1));
        if (late >= start) return late;
        var early = Seconds(start) == start ? start : Seconds(start).AddSeconds(1);
        return early < end ? early : Seconds(start);
    }

    public static bool IsPast(DateTimeOffset timestamp, DateTimeOffset now) => timestamp < now - Back;

    public static bool IsAhead(DateTimeOffset timestamp, DateTimeOffset now) => timestamp > now + Ahead;

    private static DateTimeOffset Seconds(DateTimeOffset time) => DateTimeOffset.FromUnixTimeSeconds(time.ToUnixTimeSeconds());
}
