using Metering.Ledger.Accounts;
using Metering.Ledger.Catalog;
using Metering.Ledger.Windows;
using static Metering.Ledger.Tests.Accounts.AccountSamples;
using static Metering.Ledger.Tests.Accounts.LedgerSpec;

namespace Metering.Ledger.Tests.Accounts;

/// <summary>The edges of periods, each on a whole ledger: what a tick before the boundary and the boundary itself count in.</summary>
public sealed class PeriodEdgeTests
{
    private static readonly DateTimeOffset Eve = June.AddMinutes(-5);

    private static DateTimeOffset Utc(int year, int month, int day, int hour = 0, int minute = 0, int second = 0) =>
        new(year, month, day, hour, minute, second, TimeSpan.Zero);

    private static Plan Since(WindowLength period, Anchor anchor, string zone, params LimitGroup[] groups) =>
        PlanOf(groups) with { Period = period, Anchor = anchor, Zone = zone };

    /// <summary>Where the periods end, each of which has one token used in its last tick and one in the first of the next.</summary>
    private static void PeriodsEnd(DateTimeOffset start, Plan plan, params DateTimeOffset[] ends)
    {
        var spec = Given().At(start).And(Assign(90, plan));
        foreach (var (i, end) in ends.Index())
        {
            spec.At(end.AddTicks(-1)).When(Track(2 * i + 1, Tokens(1))).ThenKinds(typeof(UsageTracked));
            spec.At(end).When(Track(2 * i + 2, Tokens(1))).ThenKinds(typeof(PeriodEnded), typeof(PeriodClosed), typeof(UsageTracked));
            var closed = (PeriodClosed)spec.Appended[1];
            Assert.That(closed.Period, Is.EqualTo(new Period(i + 1, i == 0 ? start : ends[i - 1], end)));
            Assert.That(closed.Groups[0].Used, Is.EqualTo(i == 0 ? 1 : 2));
            Assert.That(((UsageTracked)spec.Appended[2]).Period, Is.EqualTo(i + 2));
        }
    }

    /// <summary>A daily cap of one token: used in the last tick of a day, it is there again in the first of the next.</summary>
    private static void WindowsEnd(string zone, WindowLength length, DateTimeOffset start, params DateTimeOffset[] ends)
    {
        var plan = Since(WindowLength.Year, Anchor.Calendar, zone, Quota(1_000), Cap(1, length));
        var spec = Given().At(start).And(Assign(90, plan), Track(91, Tokens(1)));
        foreach (var (i, end) in ends.Index())
        {
            spec.At(end.AddTicks(-1)).When(Track(2 * i + 1, Tokens(1))).ThenDenied(DenialReason.CapReached);
            Assert.That(((Denied)spec.Answer).ResetsAt, Is.EqualTo(end));
            spec.At(end).When(Track(2 * i + 2, Tokens(1))).ThenKinds(typeof(UsageTracked));
        }
    }

    [Test]
    public void The_31st_of_January_and_a_month() => PeriodsEnd(
        Utc(2026, 1, 31, 9, 30), Since(WindowLength.Month, Anchor.SubscriptionStart, "UTC", Quota(100)),
        Utc(2026, 2, 28, 9, 30), Utc(2026, 3, 31, 9, 30), Utc(2026, 4, 30, 9, 30), Utc(2026, 5, 31, 9, 30));

    [Test]
    public void The_31st_of_January_of_a_leap_year_and_a_month() => PeriodsEnd(
        Utc(2028, 1, 31), Since(WindowLength.Month, Anchor.SubscriptionStart, "UTC", Quota(100)), Utc(2028, 2, 29), Utc(2028, 3, 31));

    [Test]
    public void The_29th_of_February_and_a_year() => PeriodsEnd(
        Utc(2024, 2, 29, 12), Since(WindowLength.Year, Anchor.SubscriptionStart, "UTC", Quota(100)),
        Utc(2025, 2, 28, 12), Utc(2026, 2, 28, 12), Utc(2027, 2, 28, 12), Utc(2028, 2, 29, 12));

    [Test]
    public void The_29th_of_February_and_a_month() => PeriodsEnd(
        Utc(2024, 2, 29), Since(WindowLength.Month, Anchor.SubscriptionStart, "UTC", Quota(100)), Utc(2024, 3, 29), Utc(2024, 4, 29));

    [Test]
    public void New_Yorks_day_of_23_hours() => PeriodsEnd(
        Utc(2026, 3, 7, 5), Since(WindowLength.Day, Anchor.Calendar, "America/New_York", Quota(100)),
        Utc(2026, 3, 8, 5), Utc(2026, 3, 9, 4), Utc(2026, 3, 10, 4));

    [Test]
    public void New_Yorks_day_of_25_hours() => PeriodsEnd(
        Utc(2026, 10, 31, 4), Since(WindowLength.Day, Anchor.Calendar, "America/New_York", Quota(100)),
        Utc(2026, 11, 1, 4), Utc(2026, 11, 2, 5), Utc(2026, 11, 3, 5));

    [Test]
    public void New_Yorks_months_across_both_shifts() => PeriodsEnd(
        Utc(2026, 2, 20), Since(WindowLength.Month, Anchor.Calendar, "America/New_York", Quota(100)),
        Utc(2026, 3, 1, 5), Utc(2026, 4, 1, 4), Utc(2026, 5, 1, 4), Utc(2026, 6, 1, 4), Utc(2026, 7, 1, 4), Utc(2026, 8, 1, 4),
        Utc(2026, 9, 1, 4), Utc(2026, 10, 1, 4), Utc(2026, 11, 1, 4), Utc(2026, 12, 1, 5));

    [Test]
    public void Berlins_day_of_23_hours() => PeriodsEnd(
        Utc(2026, 3, 27, 23), Since(WindowLength.Day, Anchor.Calendar, "Europe/Berlin", Quota(100)),
        Utc(2026, 3, 28, 23), Utc(2026, 3, 29, 22), Utc(2026, 3, 30, 22));

    [Test]
    public void Berlins_day_of_25_hours() => PeriodsEnd(
        Utc(2026, 10, 23, 22), Since(WindowLength.Day, Anchor.Calendar, "Europe/Berlin", Quota(100)),
        Utc(2026, 10, 24, 22), Utc(2026, 10, 25, 23), Utc(2026, 10, 26, 23));

    [Test]
    public void Lord_Howes_day_that_is_half_an_hour_shorter() => PeriodsEnd(
        Utc(2026, 10, 2, 13, 30), Since(WindowLength.Day, Anchor.Calendar, "Australia/Lord_Howe", Quota(100)),
        Utc(2026, 10, 3, 13, 30), Utc(2026, 10, 4, 13), Utc(2026, 10, 5, 13));

    [Test]
    public void Lord_Howes_day_that_is_half_an_hour_longer() => PeriodsEnd(
        Utc(2026, 4, 3, 13), Since(WindowLength.Day, Anchor.Calendar, "Australia/Lord_Howe", Quota(100)),
        Utc(2026, 4, 4, 13), Utc(2026, 4, 5, 13, 30), Utc(2026, 4, 6, 13, 30));

    [Test]
    public void A_daily_cap_across_the_shifts()
    {
        WindowsEnd("America/New_York", WindowLength.Day, Utc(2026, 3, 8, 6), Utc(2026, 3, 9, 4), Utc(2026, 3, 10, 4));
        WindowsEnd("Europe/Berlin", WindowLength.Day, Utc(2026, 10, 24, 22), Utc(2026, 10, 25, 23), Utc(2026, 10, 26, 23));
        WindowsEnd("Australia/Lord_Howe", WindowLength.Day, Utc(2026, 4, 4, 13), Utc(2026, 4, 5, 13, 30));
    }

    [Test]
    public void An_hourly_cap_across_the_shifts()
    {
        // Berlin: the hour from 2 occurs twice; Lord Howe: at 2 the clock goes on to 2:30, and back from 2 to 1:30
        WindowsEnd("Europe/Berlin", WindowLength.Hour, Utc(2026, 10, 25, 0, 10), Utc(2026, 10, 25, 1), Utc(2026, 10, 25, 2));
        WindowsEnd("Australia/Lord_Howe", WindowLength.Hour, Utc(2026, 10, 3, 14, 45), Utc(2026, 10, 3, 15, 30), Utc(2026, 10, 3, 16));
        WindowsEnd("Australia/Lord_Howe", WindowLength.Hour, Utc(2026, 4, 4, 14), Utc(2026, 4, 4, 15, 30), Utc(2026, 4, 4, 16, 30));
    }

    [Test]
    public void Fourteen_hours_ahead_of_UTC() => PeriodsEnd(
        Utc(2026, 1, 30, 10), Since(WindowLength.Month, Anchor.Calendar, "Pacific/Kiritimati", Quota(100)),
        Utc(2026, 1, 31, 10), Utc(2026, 2, 28, 10), Utc(2026, 3, 31, 10));

    [Test]
    public void A_subscription_at_one_second_before_midnight() => PeriodsEnd(
        Utc(2026, 1, 31, 23, 59, 59), Since(WindowLength.Month, Anchor.SubscriptionStart, "UTC", Quota(100)),
        Utc(2026, 2, 28, 23, 59, 59), Utc(2026, 3, 31, 23, 59, 59), Utc(2026, 4, 30, 23, 59, 59));

    [Test]
    public void A_subscription_at_one_second_before_midnight_with_calendar_months_has_a_period_of_one_second() => PeriodsEnd(
        Utc(2026, 1, 31, 23, 59, 59), Since(WindowLength.Month, Anchor.Calendar, "UTC", Quota(100)), Utc(2026, 2, 1), Utc(2026, 3, 1));

    [Test]
    public void A_hold_across_the_boundary_keeps_its_period_and_window() =>
        Given(Assign(Quota(100), Cap(50))).At(Eve).And(Reserve(1, Tokens(40))).At(June).And(Track(2, Tokens(50)))
        .ThenBalance("tokens", used: 50, held: 0, available: 0)
        .When(Commit(3, of: 1, Tokens(30)))
        .ThenKinds(typeof(Committed), typeof(Refunded), typeof(PeriodClosed))
        .ThenBalance("tokens", used: 50, held: 0, available: 0);

    [Test]
    public void A_commit_in_its_grace_across_the_boundary_counts()
    {
        var last = Expiry(Eve).AddTicks(-1);
        Given(Assign(Quota(100))).At(Eve).And(Reserve(1, Tokens(40)))
            .At(last).When(Commit(2, of: 1)).ThenKinds(typeof(PeriodEnded), typeof(Committed), typeof(PeriodClosed));
        Given(Assign(Quota(100))).At(Eve).And(Reserve(1, Tokens(40)))
            .At(last.AddTicks(1)).When(Commit(2, of: 1)).ThenRefused(RefusalKind.Settled, "reservation_id", "expired");
    }

    [Test]
    public void A_commit_after_the_close_is_refused() =>
        Given(Assign(Quota(100))).At(Eve).And(Reserve(1, Tokens(40))).At(Expiry(Eve)).And(Close(1))
        .When(Commit(2, of: 1)).ThenRefused(RefusalKind.Settled, "reservation_id", "expired");

    [Test]
    public void A_period_with_a_hold_closes_at_the_latest_24_hours_and_the_grace_after_its_end()
    {
        var latest = June.AddTicks(-1).AddHours(24) + Grace;
        Given(Assign(Quota(100))).At(June.AddTicks(-1)).And(Reserve(1, Tokens(40)) with { TimeToLive = TimeSpan.FromHours(24) })
            .At(latest.AddTicks(-1)).When(Close(1)).ThenKinds(typeof(PeriodEnded))
            .At(latest).When(Close(1)).ThenKinds(typeof(Released), typeof(PeriodClosed));
    }

    [Test]
    public void A_refund_into_a_closed_window_changes_no_balance_of_now() =>
        Given(Assign(Quota(100), Cap(50)), Track(1, Tokens(40))).At(June).And(Track(2, Tokens(30)))
        .When(Refund(3, of: 1))
        .Then(GaveBack(
            3, 1, June, [Back(40)], Took("tokens", 0, Q(40)), Took("daily", 0, Q(40)).In(May, May.AddDays(1))) with { AdjustsPeriod = 2 })
        .ThenBalance("tokens", used: 30, held: 0, available: 20).ThenBalance("daily", 30, 0, 20);

    [Test]
    public void A_plan_for_the_next_period_assigned_a_tick_before_the_boundary() =>
        Given(Assign(Quota(100)), Track(1, Tokens(100))).At(June.AddTicks(-1)).And(Assign(2, PlanOf(Quota(300))))
        .When(Track(3, Tokens(1))).ThenDenied(DenialReason.FundingExhausted)
        .At(June).When(Track(4, Tokens(300))).ThenKinds(typeof(PeriodEnded), typeof(PeriodClosed), typeof(UsageTracked));

    [Test]
    public void A_plan_for_the_next_period_assigned_at_the_boundary_waits_for_another() =>
        Given(Assign(Quota(100))).At(June).And(Assign(2, PlanOf(Quota(300))))
        .When(Track(3, Tokens(101))).ThenDenied(DenialReason.FundingExhausted, "tokens", 101, 100, 0, 0, 100, July)
        .At(July).When(Track(4, Tokens(300))).ThenKinds(typeof(PeriodEnded), typeof(PeriodClosed), typeof(UsageTracked));

    [Test]
    public void A_plan_carried_on_at_the_boundary_starts_with_the_new_period() =>
        Given(Assign(Quota(100)), Track(1, Tokens(70))).At(June)
        .When(Assign(2, PlanOf(Quota(300)), PlanChange.NowCarry)).ThenKinds(typeof(PeriodEnded), typeof(PeriodClosed), typeof(PlanAssigned))
        .ThenBalance("tokens", used: 0, held: 0, available: 300);

    [Test]
    public void A_plan_carried_on_a_tick_before_the_boundary_keeps_the_use_for_that_tick() =>
        Given(Assign(Quota(100)), Track(1, Tokens(70))).At(June.AddTicks(-1)).And(Assign(2, PlanOf(Quota(300)), PlanChange.NowCarry))
        .ThenBalance("tokens", used: 70, held: 0, available: 230)
        .At(June).ThenBalance("tokens", used: 0, held: 0, available: 300);

    [Test]
    public void A_reset_at_the_boundary_ends_the_period_that_has_just_begun()
    {
        var spec = Given(Assign(Quota(100)), Track(1, Tokens(70))).At(June).When(Assign(2, PlanOf(Quota(300)), PlanChange.NowReset));
        spec.ThenKinds(typeof(PeriodEnded), typeof(PeriodClosed), typeof(PeriodEnded), typeof(PlanAssigned), typeof(PeriodClosed));
        Assert.That(spec.Appended.OfType<PeriodClosed>().Select(e => e.Period),
            Is.EqualTo(new[] { new Period(1, May, June), new Period(2, June, June) }));
        spec.When(Track(3, Tokens(300))).ThenLastDraw(Took("tokens", 0, Q(300)).In(June.AddTicks(1), July));
    }

    [Test]
    public void A_reset_a_tick_before_the_boundary_leaves_a_period_of_one_tick() =>
        Given(Assign(Quota(100)), Track(1, Tokens(70))).At(June.AddTicks(-1)).And(Assign(2, PlanOf(Quota(300)), PlanChange.NowReset))
        .When(Track(3, Tokens(300))).ThenLastDraw(Took("tokens", 0, Q(300)).In(June.AddTicks(-1), June))
        .At(June).When(Track(4, Tokens(300))).ThenKinds(typeof(PeriodEnded), typeof(PeriodClosed), typeof(UsageTracked));

    [Test]
    public void Resets_at_one_instant_each_have_a_window_of_their_own()
    {
        // bug: every second one counted in the window of the one before the last, and its period ended before it started
        var spec = Given(Assign(Quota(100)), Track(1, Tokens(70)));
        for (var i = 0; i < 3; i++)
        {
            spec.And(Assign(10 + i, PlanOf(Quota(100)), PlanChange.NowReset)).ThenBalance("tokens", 0, 0, 100);
            spec.And(Track(20 + i, Tokens(70)));
        }
        spec.At(June).When(Close(4)).ThenKinds(typeof(PeriodClosed), typeof(PeriodClosed), typeof(PeriodEnded), typeof(PeriodClosed));
        Assert.That(spec.Appended.OfType<PeriodClosed>().Select(e => e.Period), Is.EqualTo(new[]
        {
            new Period(2, May.AddTicks(1), May.AddTicks(1)), new Period(3, May.AddTicks(2), May.AddTicks(2)),
            new Period(4, May.AddTicks(3), June),
        }));
    }

    [Test]
    public void A_plan_after_one_that_ended_at_the_same_instant_has_a_window_of_its_own() =>
        // bug: it went on with what the ended one had used
        Given(Assign(Quota(100)), Track(1, Tokens(70)), End(2), Assign(3, PlanOf(Quota(100))))
        .ThenBalance("tokens", used: 0, held: 0, available: 100);

    [Test]
    public void A_limit_set_after_a_period_ended_does_not_change_what_rolls_over()
    {
        var spec = Given(Assign(Quota(100) with { RolloverMax = 1_000 })).At(Eve).And(Reserve(1, Tokens(10)));
        spec.At(June).And(Customize(2, new CustomLimit("tokens", 700)));
        spec.When(Commit(3, of: 1)).ThenKinds(typeof(Committed), typeof(PeriodClosed));
        Assert.That(((PeriodClosed)spec.Appended[1]).Groups[0].RolledOver, Is.EqualTo(90));
        spec.ThenBalance("tokens", used: 0, held: 0, available: 790);
    }

    [Test]
    public void A_daily_plan_idle_for_three_years_is_closed_in_pieces()
    {
        var daily = PlanOf(Quota(100)) with { Period = WindowLength.Day };
        var (state, stream, turns) = (new LedgerState(), new List<LedgerEvent>(), 0);
        stream.AddRange(Decisions.Take(state, Assign(90, daily) with { Id = IdAt(May, 90) }, May, Zones).Events);
        var now = May.AddYears(3);
        var track = Track(1, Tokens(1)) with { Id = IdAt(now, 1) };
        LedgerTurn turn;
        do
        {
            turn = Decisions.Take(state, track, now, Zones);
            stream.AddRange(turn.Events);
            turns++;
            if (turn.Answer is null) Assert.That(turn.Events, Has.Count.EqualTo(Decisions.DueMost), "a piece");
        }
        while (turn.Answer is null);
        var days = (now - May).Days;
        Assert.That(turns, Is.EqualTo(2 * days / Decisions.DueMost + 1));
        Assert.That(turn.Answer, Is.TypeOf<Done>());
        Assert.That(stream.OfType<PeriodEnded>().Select(e => e.Period.Number), Is.EqualTo(Enumerable.Range(1, days)));
        Assert.That(stream.OfType<PeriodClosed>().Select(e => e.Period.Number), Is.EqualTo(Enumerable.Range(1, days)));
        Assert.That(stream[^1], Is.TypeOf<UsageTracked>());
        var rebuilt = new LedgerState();
        foreach (var happened in stream) Fold.Apply(rebuilt, happened);
        Assert.That(StateDump.Of(rebuilt), Is.EqualTo(StateDump.Of(state)));
        Assert.That(state.AppendedRevision, Is.EqualTo(stream.Count - 1));
    }
}
