namespace Metering.BillingSync.Reconciling;

/// <summary>
/// Stripe's summaries begin and end on whole minutes, periods anywhere. A boundary is moved up to the next minute, the same for the period
/// before it and for the one after: so windows meet without gap or overlap, and what is reported a second before a period's end is in that
/// period's window. A slice of a period's first partial minute falls into the window before, and is told as such.
/// </summary>
internal static class Minutes
{
    public static DateTimeOffset Floor(DateTimeOffset time) =>
        new(time.UtcTicks - (time.UtcTicks % TimeSpan.TicksPerMinute), TimeSpan.Zero);

    public static DateTimeOffset Ceiling(DateTimeOffset time) => Floor(time.AddTicks(TimeSpan.TicksPerMinute - 1));

    /// <summary>The minute after the one that a moment lies in.</summary>
    public static DateTimeOffset After(DateTimeOffset time) => Floor(time).AddMinutes(1);
}
