using Metering.Ledger.Accounts;
using Metering.Ledger.Catalog;
using Metering.Ledger.Windows;
using static Metering.Ledger.Tests.Accounts.AccountSamples;
using static Metering.Ledger.Tests.Accounts.LedgerSpec;

namespace Metering.Ledger.Tests.Accounts;

/// <summary>Rule 12: occurred_at picks window, price and period while that period is open; otherwise it counts now.</summary>
public sealed class LateUsageTests
{
    private static readonly DateTimeOffset Day2 = May.AddDays(1), Day3 = May.AddDays(2);

    private static AssignPlan WithGrace(params LimitGroup[] groups) =>
        Assign(90, PlanOf(groups) with { LateGrace = TimeSpan.FromHours(2) });

    private static UsageTracked LateEvent(
        int number, DateTimeOffset at, DateTimeOffset occurred, int period, Items<UsedLine> lines, params Draw[] draws) =>
        new(at, By(number), 1, period, false, false, lines, draws.ToItems(), occurred);

    [Test]
    public void In_the_running_period_it_counts_in_the_window_of_its_time() =>
        Given(Assign(Quota(100) with { Window = WindowLength.Day })).At(Day3)
        .When(Late(1, May.AddHours(5), Tokens(30)))
        .Then(LateEvent(1, Day3, May.AddHours(5), 1, [Used(Tokens(30))], Took("tokens", 70, Q(30)).In(May, Day2)))
        .ThenBalance("tokens", used: 0, held: 0, available: 100);

    [TestCase(0)]
    [TestCase(1)]
    public void A_window_that_is_over_is_drawn_from_as_it_was_left(int day)
    {
        // bug: only the first day of a period was still known; the others were drawn from as if nothing had been used in them
        var start = May.AddDays(day);
        Given(Assign(Quota(100) with { Window = WindowLength.Day, Overage = Over(1_000) })).At(start).And(Track(1, Tokens(80)))
            .At(start.AddDays(3)).And(Track(2, Tokens(7)))
            .When(Late(3, start.AddHours(5), Tokens(30)))
            .Then(LateEvent(
                3, start.AddDays(3), start.AddHours(5), 1, [Used(Tokens(30))],
                Took("tokens", 990, Q(20), O(10)).In(start, start.AddDays(1))))
            .When(Refund(4, of: 1, Back(80)))
            .ThenKinds(typeof(Refunded))
            .When(Late(5, start.AddHours(6), Tokens(80)))
            .ThenLastDraw(Took("tokens", 990, Q(80)).In(start, start.AddDays(1)));
    }

    [Test]
    public void It_has_the_price_of_its_time()
    {
        Rate[] rates = [Price(3), Price(5, book: 2, from: Day2)];
        var spec = Given(Assign(Dollars(1_000))).At(Day3);
        spec.When(Late(1, Day2.AddTicks(-1), Tokens(10, rates)))
            .Then(LateEvent(1, Day3, Day2.AddTicks(-1), 1, [Used(Tokens(10), 0, Rated(30, Price(3)))], Took("money", 970, Q(30))));
        spec.When(Late(2, Day2, Tokens(10, rates)))
            .Then(LateEvent(2, Day3, Day2, 1, [Used(Tokens(10), 0, Rated(50, rates[1]))], Took("money", 920, Q(50))));
    }

    [Test]
    public void In_an_ended_period_that_takes_late_usage_it_counts_there()
    {
        var spec = Given(WithGrace(Quota(100))).At(June).And(Track(1, Tokens(100)));
        spec.At(June.AddHours(1)).When(Late(2, June.AddTicks(-1), Tokens(40)))
            .Then(LateEvent(2, June.AddHours(1), June.AddTicks(-1), 1, [Used(Tokens(40))], Took("tokens", 60, Q(40))));
        spec.When(Late(3, June, Tokens(1)))
            .Then(LateEvent(3, June.AddHours(1), June, 2, [Used(Tokens(1))], Took("tokens", 0, Q(1)).In(June, July)));
        spec.At(June.AddHours(2)).When(Close(1)).ThenKinds(typeof(PeriodClosed));
        Assert.That(((PeriodClosed)spec.Appended[0]).Groups[0].Used, Is.EqualTo(40));
    }

    [Test]
    public void In_an_ended_period_the_quota_is_what_it_was_then() =>
        // bug: a limit set since split late usage of the ended period, and what rolls over did not fit it
        Given(WithGrace(Quota(100) with { RolloverMax = 1_000, Overage = Over(1_000) }))
        .At(June).And(Track(1, Tokens(1)), Customize(2, new CustomLimit("tokens", 500)))
        .When(Late(3, May, Tokens(130)))
        .Then(LateEvent(3, June, May, 1, [Used(Tokens(130))], Took("tokens", 970, Q(100), O(30))));

    [Test]
    public void In_an_ended_period_it_is_of_that_periods_plan()
    {
        var spec = Given(WithGrace(Quota(100)), Assign(91, PlanOf(Quota(100, "images", "image.*", "count"))));
        spec.At(June).When(Late(1, May, Tokens(40)));
        Assert.That(spec.Appended[^1], Is.EqualTo(LateEvent(1, June, May, 1, [Used(Tokens(40))], Took("tokens", 60, Q(40)))));
        spec.When(Late(2, June, Tokens(40)))
            .Then(new UsageTracked(June, By(2), 2, 2, false, true, [Used(Tokens(40), overrun: 40)], [], June));
    }

    [Test]
    public void Of_a_closed_period_it_counts_now_at_todays_price_and_names_its_origin()
    {
        Rate[] rates = [Price(3), Price(5, book: 2, from: June)];
        Given(Assign(Dollars(1_000))).At(June).And(Close(1))
            .When(Late(1, May, Tokens(10, rates)))
            .Then(LateEvent(1, June, May, 2, [Used(Tokens(10), 0, Rated(50, rates[1]))], Took("money", 950, Q(50)).In(June, July)));
    }

    [Test]
    public void From_before_the_first_period_it_counts_now() => Given(Assign(Quota(100)))
        .When(Late(1, May.AddDays(-40), Tokens(10)))
        .Then(LateEvent(1, May, May.AddDays(-40), 1, [Used(Tokens(10))], Took("tokens", 90, Q(10))));

    [Test]
    public void After_the_plan_ended_it_still_counts_in_the_ended_period_while_that_is_open() =>
        Given(WithGrace(Quota(100))).At(Day2).And(End(1))
        .When(Late(2, May, Tokens(10))).Then(LateEvent(2, Day2, May, 1, [Used(Tokens(10))], Took("tokens", 90, Q(10)).In(May, Day2)))
        .When(Late(3, Day2, Tokens(10)))
        .Then(new UsageTracked(Day2, By(3), 0, null, false, true, [Used(Tokens(10), overrun: 10)], [], Day2))
        .At(Day2.AddHours(2))
        .When(Late(4, May, Tokens(10)))
        .ThenKinds(typeof(PeriodClosed), typeof(UsageTracked));

    [Test]
    public void The_future_is_refused_and_this_very_moment_is_not() => Given(Assign(Quota(100)))
        .When(Late(1, May.AddTicks(1), Tokens(10))).ThenRefused(RefusalKind.Invalid, "occurred_at")
        .When(Late(2, May, Tokens(10))).ThenKinds(typeof(UsageTracked));

    [Test]
    public void Enforced_usage_has_no_other_time() => Given(Assign(Quota(100)))
        .When(Late(1, May, Tokens(10)) with { Enforced = true }).ThenRefused(RefusalKind.Invalid, "occurred_at");

    [Test]
    public void What_is_matched_is_billed_and_the_rest_listed() => Given(Assign(Quota(100)))
        .When(PostPaid(1, Tokens(30), Images(4)))
        .Then(new UsageTracked(May, By(1), 1, 1, false, true, [Used(Tokens(30)), Used(Images(4), overrun: 4)], [Took("tokens", 70, Q(30))]))
        .When(Refund(2, of: 1)).Then(GaveBack(2, 1, May, [Back(30)], Took("tokens", 100, Q(30))));

    [Test]
    public void A_line_without_a_price_is_listed_beside_one_that_has_one() => Given(Assign(Dollars(100)))
        .When(PostPaid(1, Tokens(3), Tokens(5, Price(2)).Of("large")))
        .Then(new UsageTracked(
            May, By(1), 1, 1, false, true, [Used(Tokens(3), overrun: 3), Used(Tokens(5).Of("large"), 0, Rated(10, Price(2)))],
            [Took("money", 90, Q(10))]));

    [Test]
    public void Unmatched_usage_is_in_the_periods_meters_as_overrun()
    {
        var spec = Given(Assign(Quota(100)), PostPaid(1, Tokens(30), Images(4)));
        spec.At(June).When(Close(1));
        Assert.That(spec.Appended.OfType<PeriodClosed>().Single().Meters,
            Is.EqualTo(new[] { new MeterTotal("llm.tokens", 30, 0), new MeterTotal("image.render", 0, 4) }));
    }

    [Test]
    public void A_grant_that_expired_since_pays_for_nothing_late() =>
        Given(Assign(Quota(0)), Grant(9, 50, Day2)).At(Day3)
        .When(Late(1, May, Tokens(10))).Then(
            new CreditExpired(Day3, Number(9), 50), LateEvent(1, Day3, May, 1, [Used(Tokens(10))], Took("tokens", 0, Q(10))));
}
