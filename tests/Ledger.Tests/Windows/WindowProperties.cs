using FsCheck;
using FsCheck.Fluent;
using Metering.Ledger.Windows;

namespace Metering.Ledger.Tests.Windows;

/// <summary>A length, an anchor, a start, a zone and a moment, the moments often close to a shift of the clock.</summary>
public sealed record Case(WindowLength Length, Anchor Anchor, DateTimeOffset Start, string ZoneId, DateTimeOffset At)
{
    public TimeZoneInfo Zone => TimeZoneInfo.FindSystemTimeZoneById(ZoneId);
    public Window Resolve(DateTimeOffset at) => Calendar.WindowAt(Length, Anchor, Start, Zone, at);
}

public static class Cases
{
    private static readonly string[] Zones =
    [
        "UTC", "America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "Pacific/Kiritimati", "Pacific/Apia", "America/Santiago",
        "America/Havana", "Asia/Kathmandu", "Africa/Casablanca", "America/St_Johns", "Pacific/Chatham", "Asia/Pyongyang",
    ];

    private static readonly DateTimeOffset Epoch = new(1990, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public static Arbitrary<Case> Arbitrary() => (
        from length in Gen.Elements(WindowLength.Hour, WindowLength.Day, WindowLength.Week, WindowLength.Month, WindowLength.Year)
        from anchor in Gen.Elements(Anchor.Calendar, Anchor.SubscriptionStart)
        from zone in Gen.Elements(Zones)
        from at in Moments(zone)
        from start in Gen.OneOf(Moments(zone), CloseInTimeOfDay(at))
        select new Case(length, anchor, start, zone, at)).ToArbitrary();

    private static Gen<DateTimeOffset> Moments(string zone) =>
        from day in Gen.Choose(0, 50 * 365)
        from second in Gen.Choose(0, 86_399)
        from kind in Gen.Choose(0, 3)
        select kind == 0 ? Epoch.AddDays(day).AddSeconds(second) : NearShift(zone, Epoch.AddDays(day), second - 43_200);

    private static Gen<DateTimeOffset> CloseInTimeOfDay(DateTimeOffset at) =>
        from days in Gen.OneOf(Gen.Choose(-3, 60), Gen.Constant(364))
        from seconds in Gen.Choose(-7_200, 7_200)
        select at.AddDays(-days).AddSeconds(seconds);

    // The first hour from a day on whose offset changes, plus some seconds; the day itself where the zone has no shift that year.
    private static DateTimeOffset NearShift(string zone, DateTimeOffset from, int seconds)
    {
        var info = TimeZoneInfo.FindSystemTimeZoneById(zone);
        var day = Enumerable.Range(0, 366).Select(days => from.AddDays(days))
            .FirstOrDefault(d => info.GetUtcOffset(d) != info.GetUtcOffset(d.AddDays(1)), from);
        var hour = Enumerable.Range(0, 24).Select(hours => day.AddHours(hours))
            .FirstOrDefault(h => info.GetUtcOffset(h) != info.GetUtcOffset(h.AddHours(1)), day);
        return hour.AddSeconds(seconds / (seconds % 2 == 0 ? 1 : 10));
    }
}

[FsCheck.NUnit.Properties(Arbitrary = [typeof(Cases)], MaxTest = 1000, QuietOnSuccess = true)]
public class WindowProperties
{
    [FsCheck.NUnit.Property]
    public bool Every_moment_is_in_its_window(Case c) =>
        c.Resolve(c.At) is var window && window.Contains(c.At) && window.Start < window.End;

    [FsCheck.NUnit.Property]
    public bool Every_moment_of_a_window_resolves_to_it(Case c, byte part)
    {
        var window = c.Resolve(c.At);
        var inside = window.Start + (window.End - window.Start) / 256 * part;
        return c.Resolve(window.Start) == window && c.Resolve(inside) == window && c.Resolve(window.End.AddTicks(-1)) == window;
    }

    [FsCheck.NUnit.Property]
    public bool Windows_are_contiguous(Case c)
    {
        var window = c.Resolve(c.At);
        return c.Resolve(window.End).Start == window.End && c.Resolve(window.Start.AddTicks(-1)).End == window.Start;
    }

    [FsCheck.NUnit.Property]
    public bool The_start_of_a_subscription_begins_a_window(Case c) =>
        c.Anchor == Anchor.Calendar || c.Resolve(c.Start).Start == c.Start;

    // In UTC no clock shifts, so that the framework's own addition is an oracle.
    [FsCheck.NUnit.Property]
    public bool Months_and_years_never_drift(DateTime start, ushort number)
    {
        var from = new DateTimeOffset(start.Ticks % new DateTime(4000, 1, 1).Ticks, TimeSpan.Zero);
        var (months, years) = (number % 1200, number % 100);
        return StartOfWindowAt(WindowLength.Month, from, from.AddMonths(months)) == from.AddMonths(months)
            && StartOfWindowAt(WindowLength.Year, from, from.AddYears(years)) == from.AddYears(years);
    }

    [FsCheck.NUnit.Property]
    public bool Local_time_of_day_is_kept_unless_it_is_left_out(Case c)
    {
        if (c.Anchor == Anchor.Calendar || c.Length == WindowLength.Hour) return true;
        var start = c.Resolve(c.At).Start;
        var zone = c.Zone;
        var (local, kept) = (TimeZoneInfo.ConvertTime(start, zone), TimeZoneInfo.ConvertTime(c.Start, zone).TimeOfDay);
        return local.TimeOfDay == kept || zone.GetUtcOffset(start) > zone.GetUtcOffset(start.AddTicks(-1));
    }

    private static DateTimeOffset StartOfWindowAt(WindowLength length, DateTimeOffset start, DateTimeOffset at) =>
        Calendar.WindowAt(length, Anchor.SubscriptionStart, start, TimeZoneInfo.Utc, at).Start;
}
