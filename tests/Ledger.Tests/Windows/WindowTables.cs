using System.Globalization;
using Metering.Ledger.Windows;
using Calendar = Metering.Ledger.Windows.Calendar;

namespace Metering.Ledger.Tests.Windows;

/// <summary>Rows of (zone, start, at) and the window expected, all in UTC unless a row writes an offset.</summary>
public class WindowTables
{
    [TestCase(WindowLength.Hour, "UTC", "2026-03-04T05:06:07Z", "2026-03-04T05:00Z", "2026-03-04T06:00Z")]
    [TestCase(WindowLength.Day, "UTC", "2026-03-04T00:00:00Z", "2026-03-04T00:00Z", "2026-03-05T00:00Z")]
    [TestCase(WindowLength.Day, "UTC", "2026-03-04T23:59:59.9999999Z", "2026-03-04T00:00Z", "2026-03-05T00:00Z")]
    [TestCase(WindowLength.Week, "UTC", "2026-03-01T12:00:00Z", "2026-02-23T00:00Z", "2026-03-02T00:00Z", Description = "Sunday ends a week")]
    [TestCase(WindowLength.Week, "UTC", "2026-03-02T00:00:00Z", "2026-03-02T00:00Z", "2026-03-09T00:00Z", Description = "Monday begins one")]
    [TestCase(WindowLength.Week, "UTC", "2027-01-01T00:00:00Z", "2026-12-28T00:00Z", "2027-01-04T00:00Z", Description = "across the year's end")]
    [TestCase(WindowLength.Month, "UTC", "2028-02-29T23:00:00Z", "2028-02-01T00:00Z", "2028-03-01T00:00Z")]
    [TestCase(WindowLength.Year, "UTC", "2026-12-31T23:59:59Z", "2026-01-01T00:00Z", "2027-01-01T00:00Z")]
    [TestCase(WindowLength.Day, "Pacific/Kiritimati", "2026-01-01T10:00:00Z", "2026-01-01T10:00Z", "2026-01-02T10:00Z")]
    [TestCase(WindowLength.Day, "Pacific/Kiritimati", "2026-01-01T09:59:59Z", "2025-12-31T10:00Z", "2026-01-01T10:00Z")]
    [TestCase(WindowLength.Month, "Pacific/Kiritimati", "2026-01-31T11:00:00Z", "2026-01-31T10:00Z", "2026-02-28T10:00Z")]
    [TestCase(WindowLength.Year, "Pacific/Kiritimati", "2026-12-31T10:00:00Z", "2026-12-31T10:00Z", "2027-12-31T10:00Z")]
    [TestCase(WindowLength.Hour, "Asia/Kolkata", "2026-01-01T00:29:59Z", "2025-12-31T23:30Z", "2026-01-01T00:30Z")]
    [TestCase(WindowLength.Hour, "Asia/Kathmandu", "2026-01-01T00:29:59Z", "2026-01-01T00:15Z", "2026-01-01T01:15Z")]
    [TestCase(WindowLength.Day, "America/New_York", "2026-03-08T12:00:00Z", "2026-03-08T05:00Z", "2026-03-09T04:00Z", Description = "23 hours")]
    [TestCase(WindowLength.Day, "America/New_York", "2026-11-01T12:00:00Z", "2026-11-01T04:00Z", "2026-11-02T05:00Z", Description = "25 hours")]
    [TestCase(WindowLength.Month, "America/New_York", "2026-03-31T12:00:00Z", "2026-03-01T05:00Z", "2026-04-01T04:00Z")]
    [TestCase(WindowLength.Day, "Europe/Berlin", "2026-03-29T12:00:00Z", "2026-03-28T23:00Z", "2026-03-29T22:00Z", Description = "23 hours")]
    [TestCase(WindowLength.Day, "Europe/Berlin", "2026-10-25T12:00:00Z", "2026-10-24T22:00Z", "2026-10-25T23:00Z", Description = "25 hours")]
    [TestCase(WindowLength.Week, "Europe/Berlin", "2026-03-29T12:00:00Z", "2026-03-22T23:00Z", "2026-03-29T22:00Z")]
    [TestCase(WindowLength.Day, "Australia/Lord_Howe", "2026-04-04T20:00:00Z", "2026-04-04T13:00Z", "2026-04-05T13:30Z", Description = "24 h 30")]
    [TestCase(WindowLength.Day, "Australia/Lord_Howe", "2026-10-03T20:00:00Z", "2026-10-03T13:30Z", "2026-10-04T13:00Z", Description = "23 h 30")]
    [TestCase(WindowLength.Day, "America/Santiago", "2026-09-06T05:00:00Z", "2026-09-06T04:00Z", "2026-09-07T03:00Z", Description = "midnight is left out")]
    [TestCase(WindowLength.Day, "America/Havana", "2026-11-01T05:30:00Z", "2026-11-01T04:00Z", "2026-11-02T05:00Z", Description = "midnight occurs twice")]
    [TestCase(WindowLength.Day, "Pacific/Apia", "2011-12-30T09:59:59Z", "2011-12-29T10:00Z", "2011-12-30T10:00Z", Description = "before the missing day")]
    [TestCase(WindowLength.Day, "Pacific/Apia", "2011-12-30T10:00:00Z", "2011-12-30T10:00Z", "2011-12-31T10:00Z", Description = "after it")]
    public void A_calendar_window_is_local(WindowLength length, string zone, string at, string start, string end) =>
        Assert.That(Resolve(length, Anchor.Calendar, "1999-01-01Z", zone, at), Is.EqualTo(Expected(start, end)));

    [TestCase("Europe/Berlin", "2026-03-29T00:59:59Z", "2026-03-29T00:00Z", "2026-03-29T01:00Z", Description = "the hour before the shift")]
    [TestCase("Europe/Berlin", "2026-03-29T01:00:00Z", "2026-03-29T01:00Z", "2026-03-29T02:00Z", Description = "3 o'clock follows 1 o'clock")]
    [TestCase("Europe/Berlin", "2026-10-25T00:30:00Z", "2026-10-25T00:00Z", "2026-10-25T01:00Z", Description = "the first 2 o'clock")]
    [TestCase("Europe/Berlin", "2026-10-25T01:30:00Z", "2026-10-25T01:00Z", "2026-10-25T02:00Z", Description = "the second is its own")]
    [TestCase("Australia/Lord_Howe", "2026-10-03T15:29:59Z", "2026-10-03T14:30Z", "2026-10-03T15:30Z", Description = "1 o'clock, then 2:00 becomes 2:30")]
    [TestCase("Australia/Lord_Howe", "2026-10-03T15:30:00Z", "2026-10-03T15:30Z", "2026-10-03T16:00Z", Description = "half an hour up to 3 o'clock")]
    [TestCase("Australia/Lord_Howe", "2026-10-03T16:00:00Z", "2026-10-03T16:00Z", "2026-10-03T17:00Z")]
    [TestCase("Australia/Lord_Howe", "2026-04-04T14:59:59Z", "2026-04-04T14:00Z", "2026-04-04T15:30Z", Description = "1:00 to 2:00, with 1:30 to 2:00 twice")]
    [TestCase("Australia/Lord_Howe", "2026-04-04T15:00:00Z", "2026-04-04T14:00Z", "2026-04-04T15:30Z", Description = "the repeated half")]
    [TestCase("Australia/Lord_Howe", "2026-04-04T15:30:00Z", "2026-04-04T15:30Z", "2026-04-04T16:30Z")]
    public void A_calendar_hour_begins_where_the_local_clock_reaches_one(string zone, string at, string start, string end) =>
        Assert.That(Resolve(WindowLength.Hour, Anchor.Calendar, "1999-01-01Z", zone, at), Is.EqualTo(Expected(start, end)));

    [TestCase(WindowLength.Hour, "2026-01-01T10:17:42Z", "UTC", "2026-01-01T12:17:41Z", "2026-01-01T11:17:42Z", "2026-01-01T12:17:42Z")]
    [TestCase(WindowLength.Hour, "2026-03-28T23:30:00Z", "Europe/Berlin", "2026-03-29T01:45:00Z", "2026-03-29T01:30Z", "2026-03-29T02:30Z")]
    [TestCase(WindowLength.Hour, "2026-01-01T10:17:42Z", "UTC", "2026-01-01T10:17:41Z", "2026-01-01T09:17:42Z", "2026-01-01T10:17:42Z", Description = "before the start")]
    [TestCase(WindowLength.Day, "2026-01-31T23:59:59Z", "UTC", "2026-02-28T23:59:58Z", "2026-02-27T23:59:59Z", "2026-02-28T23:59:59Z")]
    [TestCase(WindowLength.Week, "2026-01-07T12:00:00Z", "UTC", "2026-01-21T11:59:59Z", "2026-01-14T12:00Z", "2026-01-21T12:00Z")]
    [TestCase(WindowLength.Month, "2026-01-31T00:00:00Z", "UTC", "2026-02-01T00:00:00Z", "2026-01-31T00:00Z", "2026-02-28T00:00Z")]
    [TestCase(WindowLength.Month, "2026-01-31T00:00:00Z", "UTC", "2026-02-28T00:00:00Z", "2026-02-28T00:00Z", "2026-03-31T00:00Z", Description = "31 again")]
    [TestCase(WindowLength.Month, "2026-01-31T00:00:00Z", "UTC", "2026-04-15T00:00:00Z", "2026-03-31T00:00Z", "2026-04-30T00:00Z")]
    [TestCase(WindowLength.Month, "2028-01-31T00:00:00Z", "UTC", "2028-02-29T00:00:00Z", "2028-02-29T00:00Z", "2028-03-31T00:00Z", Description = "leap year")]
    [TestCase(WindowLength.Month, "2026-01-31T23:59:59Z", "UTC", "2026-02-28T23:59:58Z", "2026-01-31T23:59:59Z", "2026-02-28T23:59:59Z")]
    [TestCase(WindowLength.Month, "2026-01-31T23:59:59Z", "UTC", "2026-02-28T23:59:59Z", "2026-02-28T23:59:59Z", "2026-03-31T23:59:59Z")]
    [TestCase(WindowLength.Month, "2024-02-29T12:00:00Z", "UTC", "2024-03-30T12:00:00Z", "2024-03-29T12:00Z", "2024-04-29T12:00Z")]
    [TestCase(WindowLength.Month, "2024-02-29T12:00:00Z", "UTC", "2025-03-01T12:00:00Z", "2025-02-28T12:00Z", "2025-03-29T12:00Z")]
    [TestCase(WindowLength.Month, "2026-03-31T00:00:00Z", "UTC", "2025-12-30T00:00:00Z", "2025-11-30T00:00Z", "2025-12-31T00:00Z", Description = "before the start")]
    [TestCase(WindowLength.Year, "2024-02-29T12:00:00Z", "UTC", "2025-02-28T11:59:59Z", "2024-02-29T12:00Z", "2025-02-28T12:00Z")]
    [TestCase(WindowLength.Year, "2024-02-29T12:00:00Z", "UTC", "2027-06-01T00:00:00Z", "2027-02-28T12:00Z", "2028-02-29T12:00Z")]
    [TestCase(WindowLength.Month, "2026-01-30T10:00:00Z", "Pacific/Kiritimati", "2026-02-27T10:00:00Z", "2026-02-27T10:00Z", "2026-03-30T10:00Z", Description = "31 January there")]
    [TestCase(WindowLength.Day, "2026-03-01T07:30:00Z", "America/New_York", "2026-03-08T07:15:00Z", "2026-03-08T07:00Z", "2026-03-09T06:30Z", Description = "2:30 is left out: from 3:00")]
    [TestCase(WindowLength.Month, "2026-02-08T07:30:00Z", "America/New_York", "2026-03-08T07:00:00Z", "2026-03-08T07:00Z", "2026-04-08T06:30Z", Description = "2:30 is back")]
    [TestCase(WindowLength.Day, "2026-10-01T05:30:00Z", "America/New_York", "2026-11-01T06:30:00Z", "2026-11-01T05:30Z", "2026-11-02T06:30Z", Description = "1:30 occurs twice: the first")]
    [TestCase(WindowLength.Day, "2026-03-01T01:30:00Z", "Europe/Berlin", "2026-03-29T01:00:00Z", "2026-03-29T01:00Z", "2026-03-30T00:30Z")]
    [TestCase(WindowLength.Day, "2026-10-01T00:15:00Z", "Europe/Berlin", "2026-10-25T01:10:00Z", "2026-10-25T00:15Z", "2026-10-26T01:15Z", Description = "2:10 again, after the first 2:15")]
    [TestCase(WindowLength.Week, "2026-10-18T00:30:00Z", "Europe/Berlin", "2026-10-25T01:30:00Z", "2026-10-25T00:30Z", "2026-11-01T01:30Z")]
    [TestCase(WindowLength.Day, "2026-10-25T01:30:00Z", "Europe/Berlin", "2026-10-25T01:30:00Z", "2026-10-25T01:30Z", "2026-10-26T01:30Z", Description = "started in the repeated hour")]
    [TestCase(WindowLength.Day, "2026-10-25T01:30:00Z", "Europe/Berlin", "2026-10-25T01:00:00Z", "2026-10-24T00:30Z", "2026-10-25T01:30Z", Description = "the window before that")]
    [TestCase(WindowLength.Day, "2026-10-01T15:45:00Z", "Australia/Lord_Howe", "2026-10-03T15:40:00Z", "2026-10-03T15:30Z", "2026-10-04T15:15Z", Description = "2:15 is left out: from 2:30")]
    [TestCase(WindowLength.Day, "2026-04-01T14:45:00Z", "Australia/Lord_Howe", "2026-04-04T15:20:00Z", "2026-04-04T14:45Z", "2026-04-05T15:15Z", Description = "1:45 occurs twice: the first")]
    public void A_window_from_the_start_repeats_its_local_time(
        WindowLength length, string from, string zone, string at, string start, string end) =>
        Assert.That(Resolve(length, Anchor.SubscriptionStart, from, zone, at), Is.EqualTo(Expected(start, end)));

    [TestCase("0001-01-01T00:00:00Z")]
    [TestCase("2026-01-01T00:00:00Z")]
    [TestCase("9999-12-31T23:59:59.9999999Z")]
    public void A_lifetime_is_all_of_time(string at)
    {
        var window = Resolve(WindowLength.Lifetime, Anchor.SubscriptionStart, "2026-01-01Z", "UTC", at);
        Assert.That(window, Is.EqualTo(new Window(DateTimeOffset.MinValue, DateTimeOffset.MaxValue)));
        Assert.That(window.Contains(Time(at)));
    }

    [Test]
    public void At_the_ends_of_time_windows_are_cut_off(
        [Values(WindowLength.Hour, WindowLength.Day, WindowLength.Week, WindowLength.Month, WindowLength.Year)] WindowLength length,
        [Values] Anchor anchor, [Values("Pacific/Kiritimati", "America/New_York", "UTC")] string zone,
        [Values("0001-01-01T00:00:00Z", "9999-12-31T23:59:59.9999999Z")] string at,
        [Values("0001-01-01T00:00:00Z", "2026-01-31T12:00:00Z", "9999-12-31T23:59:59.9999999Z")] string start) =>
        Assert.That(Resolve(length, anchor, start, zone, at).Contains(Time(at)));

    [Test]
    public void Windows_are_in_utc_whatever_the_offsets_passed()
    {
        var window = Resolve(WindowLength.Month, Anchor.SubscriptionStart, "2026-01-31T01:00:00+02:00", "UTC", "2026-02-10T00:00:00-08:00");
        Assert.That(window, Is.EqualTo(Expected("2026-01-30T23:00Z", "2026-02-28T23:00Z")));
        Assert.That((window.Start.Offset, window.End.Offset), Is.EqualTo((TimeSpan.Zero, TimeSpan.Zero)));
    }

    [Test]
    public void The_end_belongs_to_the_next_window()
    {
        var window = Expected("2026-01-01T00:00Z", "2026-02-01T00:00Z");
        Assert.That(window.Contains(window.Start) && window.Contains(window.End.AddTicks(-1)));
        Assert.That(window.Contains(window.End) || window.Contains(window.Start.AddTicks(-1)), Is.False);
    }

    [TestCase(WindowLength.BillingPeriod, Anchor.Calendar)]
    [TestCase((WindowLength)99, Anchor.Calendar)]
    [TestCase(WindowLength.Hour, (Anchor)99)]
    public void What_no_calendar_knows_is_refused(WindowLength length, Anchor anchor) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => Resolve(length, anchor, "2026-01-01Z", "UTC", "2026-01-01Z"));

    private static Window Resolve(WindowLength length, Anchor anchor, string start, string zone, string at) =>
        Calendar.WindowAt(length, anchor, Time(start), TimeZoneInfo.FindSystemTimeZoneById(zone), Time(at));

    private static Window Expected(string start, string end) => new(Time(start), Time(end));

    private static DateTimeOffset Time(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture);
}
