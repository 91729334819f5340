namespace Metering.Ledger.Windows;

/// <summary>
/// Resolves the window that a moment falls in. Windows of one length, anchor, start and zone follow each other without gap
/// or overlap, before the subscription's start too, and are counted from the anchor, so that they never drift: a month that
/// began on the 31st is clamped to a shorter month's last day and is back on the 31st in the next longer one.
/// </summary>
public static class Calendar
{
    // 0001-01-01T00:00 local is a midnight, a Monday, a first of the month and a 1 January: every calendar boundary at once.
    private const long CalendarAnchor = 0;

    /// <summary>The window of the given length that contains <paramref name="at"/>.</summary>
    /// <param name="length">Any length but <see cref="WindowLength.BillingPeriod"/>, whose window the caller holds.</param>
    /// <param name="anchor">
    /// Calendar: full hours, midnight, Monday, the first of the month or 1 January in the zone. Subscription start: its local
    /// date and time of day, repeated, the day clamped at month end; hours are 3,600 seconds of elapsed time each.
    /// </param>
    /// <param name="subscriptionStart">When the subscription started, in any offset. Not read with a calendar anchor.</param>
    /// <param name="zone">The zone whose clock counts. Not read for lifetime, nor for hours from the subscription's start.</param>
    /// <param name="at">The moment, in any offset. Windows at the ends of representable time are cut off there.</param>
    /// <remarks>
    /// A local time that a forward shift leaves out stands for the first moment after the shift, one that a backward shift
    /// repeats for its first occurrence. A calendar hour begins whenever the local clock arrives at a full hour or jumps over
    /// one: the repeated hour is a window of its own, and where the clock shifts by half an hour (Lord Howe) the window at
    /// the forward shift lasts 30 minutes and the one around the backward shift 90.
    /// </remarks>
    /// <exception cref="ArgumentOutOfRangeException">The length is the billing period, or length or anchor is undefined.</exception>
    public static Window WindowAt(
        WindowLength length, Anchor anchor, DateTimeOffset subscriptionStart, TimeZoneInfo zone, DateTimeOffset at)
    {
        if (anchor is not (Anchor.Calendar or Anchor.SubscriptionStart))
            throw new ArgumentOutOfRangeException(nameof(anchor), anchor, "An anchor is the calendar or the subscription's start.");
        return length switch
        {
            WindowLength.Lifetime => Window.Lifetime,
            WindowLength.Hour when anchor == Anchor.Calendar => LocalHour(zone, at.UtcTicks),
            WindowLength.Hour => ElapsedHour(subscriptionStart.UtcTicks, at.UtcTicks),
            WindowLength.Day or WindowLength.Week or WindowLength.Month or WindowLength.Year =>
                new Boundaries(length, anchor, subscriptionStart, zone).Around(at.UtcTicks),
            _ => throw new ArgumentOutOfRangeException(nameof(length), length, "Only the account knows its billing period."),
        };
    }

    private static Window ElapsedHour(long start, long at)
    {
        var from = start + FloorDivide(at - start, TimeSpan.TicksPerHour) * TimeSpan.TicksPerHour;
        return Between(from, from + TimeSpan.TicksPerHour);
    }

    private static Window LocalHour(TimeZoneInfo zone, long at)
    {
        var clock = new ZoneClock(zone);
        var hour = FullHour(at + clock.OffsetAt(at)) - clock.OffsetAt(at);
        return Between(HourStart(clock, hour, at), HourEnd(clock, at, hour + TimeSpan.TicksPerHour));
    }

    // `hour` is where the hour of `at` began if no shift lies between them.
    private static long HourStart(ZoneClock clock, long hour, long at)
    {
        if (clock.OffsetAt(hour) == clock.OffsetAt(at)) return hour;
        var shift = clock.ShiftBetween(hour, at);
        if (JumpsOverFullHour(clock, shift)) return shift;
        var before = clock.OffsetAt(shift - 1);
        return FullHour(shift - 1 + before) - before;
    }

    // `hour` is where the hour of `at` ends if no shift lies between them.
    private static long HourEnd(ZoneClock clock, long at, long hour)
    {
        if (clock.OffsetAt(hour) == clock.OffsetAt(at)) return hour;
        var shift = clock.ShiftBetween(at, hour);
        if (JumpsOverFullHour(clock, shift)) return shift;
        var after = clock.OffsetAt(shift);
        return FullHour(shift + after + TimeSpan.TicksPerHour - 1) - after;
    }

    private static bool JumpsOverFullHour(ZoneClock clock, long shift)
    {
        var (before, after) = (clock.OffsetAt(shift - 1), clock.OffsetAt(shift));
        return after > before && FullHour(shift + after) >= shift + before;
    }

    private static long FullHour(long local) => FloorDivide(local, TimeSpan.TicksPerHour) * TimeSpan.TicksPerHour;

    private static long FloorDivide(long value, long by) => value >= 0 ? value / by : (value + 1) / by - 1;

    private static Window Between(long start, long end) => new(Moment(start), Moment(end));

    private static DateTimeOffset Moment(long ticks) => new(Math.Clamp(ticks, 0, DateTime.MaxValue.Ticks), TimeSpan.Zero);

    // The boundaries of days, weeks, months or years: number 0 is the anchor, each other so many units of local time from it.
    private readonly struct Boundaries
    {
        private readonly WindowLength _length;
        private readonly ZoneClock _clock;
        private readonly long _anchor;
        private readonly long? _start;

        public Boundaries(WindowLength length, Anchor anchor, DateTimeOffset start, TimeZoneInfo zone)
        {
            _length = length;
            _clock = new ZoneClock(zone);
            _start = anchor == Anchor.SubscriptionStart ? start.UtcTicks : null;
            _anchor = _start is { } moment ? _clock.Local(moment) : CalendarAnchor;
        }

        // The guess is off by a unit or two at most: by the clamped day, and by a shift of the clock near `at`.
        public Window Around(long at)
        {
            var number = Guess(_clock.Local(at));
            while (At(number) > at) number--;
            while (At(number + 1) <= at) number++;
            return Between(At(number), At(number + 1));
        }

        // Number 0 is the very moment of the start, even where its local time occurs twice.
        private long At(long number) => number == 0 && _start is { } start ? start : _clock.FirstMomentOf(LocalTime(number));

        private long Guess(long local) => _length switch
        {
            WindowLength.Day => FloorDivide(local - _anchor, TimeSpan.TicksPerDay),
            WindowLength.Week => FloorDivide(local - _anchor, 7 * TimeSpan.TicksPerDay),
            WindowLength.Month => Month(local) - Month(_anchor),
            _ => FloorDivide(Month(local) - Month(_anchor), 12),
        };

        private long LocalTime(long number) => _length switch
        {
            WindowLength.Day => _anchor + number * TimeSpan.TicksPerDay,
            WindowLength.Week => _anchor + number * 7 * TimeSpan.TicksPerDay,
            WindowLength.Month => MonthsOn(number),
            _ => MonthsOn(12 * number),
        };

        private long MonthsOn(long months)
        {
            var (month, anchor) = (Month(_anchor) + months, new DateTime(_anchor));
            if (month < 0) return ZoneClock.Before;
            if (month >= 9999 * 12) return ZoneClock.After;
            var (year, inYear) = ((int)(month / 12) + 1, (int)(month % 12) + 1);
            var day = Math.Min(anchor.Day, DateTime.DaysInMonth(year, inYear));
            return new DateTime(year, inYear, day).Ticks + anchor.TimeOfDay.Ticks;
        }

        private static long Month(long local)
        {
            var date = new DateTime(local);
            return (date.Year - 1) * 12 + date.Month - 1;
        }
    }
}
