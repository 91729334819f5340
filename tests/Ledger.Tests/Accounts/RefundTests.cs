using Metering.Ledger.Accounts;
using Metering.Ledger.Catalog;
using Metering.Ledger.Windows;
using static Metering.Ledger.Tests.Accounts.AccountSamples;
using static Metering.Ledger.Tests.Accounts.LedgerSpec;

namespace Metering.Ledger.Tests.Accounts;

/// <summary>Rule 11: committed usage goes back to the very buckets it came from, at any later date.</summary>
public sealed class RefundTests
{
    private static LedgerSpec CommittedOfAllBuckets() =>
        Given(Assign(Quota(50) with { Overage = Over(100) }), Grant(9, 20), Reserve(1, Tokens(100)), Commit(2, of: 1));

    [Test]
    public void Without_lines_all_that_is_left_goes_back_to_where_it_came_from() => CommittedOfAllBuckets()
        .When(Refund(3, of: 1))
        .Then(GaveBack(3, 1, May, [Back(100)], Took("tokens", 170, O(30), C(20, 9), Q(50))))
        .ThenBalance("tokens", 0, 0, 170).ThenGrant(9, 0, 0, 0);

    [Test]
    public void A_part_goes_back_last_drawn_first() => CommittedOfAllBuckets()
        .When(Refund(3, of: 1, Back(35))).Then(GaveBack(3, 1, May, [Back(35)], Took("tokens", 105, O(30), C(5, 9))))
        .When(Refund(4, of: 1, Back(40))).Then(GaveBack(4, 1, May, [Back(40)], Took("tokens", 145, C(15, 9), Q(25))))
        .When(Refund(5, of: 1)).Then(GaveBack(5, 1, May, [Back(25)], Took("tokens", 170, Q(25))))
        .When(Refund(6, of: 1)).ThenRefused(RefusalKind.Conflict, "reservation_id", "something is left");

    [Test]
    public void Never_more_than_was_committed() => CommittedOfAllBuckets()
        .When(Refund(3, of: 1, Back(101))).ThenRefused(RefusalKind.Invalid, "lines.items[0].quantity", "at most 100")
        .And(Refund(4, of: 1, Back(60)))
        .When(Refund(5, of: 1, Back(41))).ThenRefused(RefusalKind.Invalid, "lines.items[0].quantity", "at most 40");

    [Test]
    public void What_the_commit_gave_back_is_not_given_back_again() => Given(Assign(Quota(100)), Reserve(1, Tokens(60)), Commit(2, of: 1, Tokens(20)))
        .When(Refund(3, of: 1, Back(21))).ThenRefused(RefusalKind.Invalid, "lines.items[0].quantity", "at most 20")
        .When(Refund(4, of: 1)).Then(GaveBack(4, 1, May, [Back(20)], Took("tokens", 100, Q(20))));

    [Test]
    public void Uncharged_overrun_cannot_be_refunded() => Given(Assign(Quota(100)), Reserve(1, Tokens(60)), Commit(2, of: 1, Tokens(150)))
        .When(Refund(3, of: 1, Back(101))).ThenRefused(RefusalKind.Invalid, "lines.items[0].quantity", "at most 100");

    [Test]
    public void A_line_named_twice_counts_as_their_sum()
    {
        // bug: each was compared with what was left, so that together they gave back more than was committed
        var spec = Given(Assign(Quota(200)), Reserve(1, Tokens(100)), Commit(2, of: 1));
        spec.When(Refund(3, of: 1, Back(60), Back(60))).ThenRefused(RefusalKind.Invalid, "lines.items[0].quantity", "at most 100");
        spec.When(Refund(4, of: 1, Back(60), Back(30))).Then(GaveBack(4, 1, May, [Back(90)], Took("tokens", 190, Q(90))));
    }

    [Test]
    public void Equal_committed_lines_give_back_what_is_asked_once() =>
        // bug: each of the equal lines gave back the whole quantity asked
        Given(Assign(Quota(200)), Reserve(1, Tokens(60)), Extend(2, of: 1, null, Tokens(40)), Commit(3, of: 1))
        .When(Refund(4, of: 1, Back(70))).Then(GaveBack(4, 1, May, [Back(70)], Took("tokens", 170, Q(70))))
        .When(Refund(5, of: 1, Back(31))).ThenRefused(RefusalKind.Invalid, "lines.items[0].quantity", "at most 30")
        .When(Refund(6, of: 1)).Then(GaveBack(6, 1, May, [Back(30)], Took("tokens", 200, Q(30))));

    [Test]
    public void A_line_that_was_not_committed_has_nothing_to_refund() => CommittedOfAllBuckets()
        .When(Refund(3, of: 1, new RefundLine("llm.tokens", Attributes.Of([new("model", "large")]), 1)))
        .ThenRefused(RefusalKind.Invalid, "lines.items[0].quantity", "at most 0");

    [Test]
    public void An_open_reservation_is_released_not_refunded() => Given(Assign(Quota(100)), Reserve(1, Tokens(60)))
        .When(Refund(2, of: 1)).ThenRefused(RefusalKind.Conflict, "reservation_id", "open");

    [Test]
    public void Tracked_usage_is_refunded_too() => Given(Assign(Quota(100)), Track(1, Tokens(60)))
        .When(Refund(2, of: 1, Back(10))).Then(GaveBack(2, 1, May, [Back(10)], Took("tokens", 50, Q(10))));

    [Test]
    public void Unmatched_usage_has_nothing_to_refund() => Given(Assign(Quota(100)), PostPaid(1, Images(3)))
        .When(Refund(2, of: 1)).ThenRefused(RefusalKind.Conflict, "reservation_id");

    [Test]
    public void Parts_of_a_rated_line_add_up_to_its_price()
    {
        // 7 × ½ = 3.5 → 4; the first 3 are worth 4 − 2, the next 3 2 − 0 (½ rounds to the even 0), the last one nothing
        var spec = Given(Assign(Dollars(100)), Reserve(1, Tokens(7, Price(1, 2))), Commit(2, of: 1));
        spec.When(Refund(3, of: 1, Back(3))).Then(GaveBack(3, 1, May, [Back(3)], Took("money", 98, Q(2))));
        spec.When(Refund(4, of: 1, Back(3))).Then(GaveBack(4, 1, May, [Back(3)], Took("money", 100, Q(2))));
        spec.When(Refund(5, of: 1, Back(1))).Then(GaveBack(5, 1, May, [Back(1)]));
    }

    [Test]
    public void Quota_and_caps_reduce_use_in_their_own_window_only() => Given(Assign(Quota(100), Cap(50)), Track(1, Tokens(50)))
        .At(May.AddDays(1)).And(Track(2, Tokens(10)))
        .When(Refund(3, of: 1, Back(30)))
        .Then(GaveBack(3, 1, May.AddDays(1), [Back(30)], Took("tokens", 70, Q(30)), Took("daily", 30, Q(30)).In(May, May.AddDays(1))))
        .ThenBalance("tokens", 30, 0, 40).ThenBalance("daily", 10, 0, 40);

    [Test]
    public void After_the_period_closed_it_adjusts_the_open_one()
    {
        var spec = Given(Assign(Quota(50) with { Reporting = new("tokens", 1, Reports.Overage), Overage = Over(100) }), Track(1, Tokens(70)));
        spec.At(June).And(Track(2, Tokens(60)));
        spec.When(Refund(3, of: 1, Back(30)))
            .Then(GaveBack(3, 1, June, [Back(30)], Took("tokens", 0, O(20), Q(10))) with
            {
                AdjustsPeriod = 2, Worth = [new ChargeBack("tokens", 1, May, 20, 0)],
            })
            .ThenBalance("tokens", used: 60, held: 0, available: 90);
        var closed = ClosedAt(spec, July);
        Assert.That(closed, Is.EqualTo(new GroupTotal(
            "tokens", 1, "tokens", GroupKind.Funding, 0, 50, 0, 10, 0, -30, -20, 0, 0, new("tokens", 1, Reports.Overage))));
    }

    [Test]
    public void Overage_adds_no_room_once_its_period_is_closed() =>
        Given(Assign(Quota(0) with { Window = WindowLength.Lifetime, Overage = Over(100) }), Track(1, Tokens(100)))
        .At(June).When(Refund(2, of: 1, Back(40))).ThenKinds(typeof(PeriodEnded), typeof(PeriodClosed), typeof(Refunded))
        .When(Track(3, Tokens(1))).ThenDenied(DenialReason.FundingExhausted);

    [Test]
    public void Quota_of_a_longer_window_has_room_again_even_then() =>
        Given(Assign(Quota(100) with { Window = WindowLength.Lifetime }), Track(1, Tokens(100)))
        .At(June).When(Refund(2, of: 1, Back(40))).ThenKinds(typeof(PeriodEnded), typeof(PeriodClosed), typeof(Refunded))
        .When(Track(3, Tokens(40))).ThenKinds(typeof(UsageTracked));

    [Test]
    public void While_the_period_has_ended_and_is_open_it_reduces_that_period()
    {
        var spec = Given(Assign(Quota(100))).At(June.AddMinutes(-5)).And(Track(1, Tokens(70)), Reserve(2, Tokens(10)));
        spec.At(June).When(Refund(3, of: 1, Back(30)))
            .ThenKinds(typeof(PeriodEnded), typeof(Refunded)).ThenLastDraw(Took("tokens", 50, Q(30)));
        Assert.That(((Refunded)spec.Appended[^1]).AdjustsPeriod, Is.Null);
        Assert.That(ClosedAt(spec, June.AddHours(1)).Used, Is.EqualTo(40));
    }

    [Test]
    public void What_goes_back_to_an_expired_grant_expires_again_in_the_same_append()
    {
        var (noon, later) = (May.AddHours(12), May.AddDays(2));
        Given(Assign(Quota(0)), Grant(9, 100, noon), Track(1, Tokens(70))).At(later)
            .When(Refund(3, of: 1, Back(30)))
            .Then(
                new CreditExpired(later, Number(9), 30),
                GaveBack(3, 1, later, [Back(30)], Took("tokens", 0, C(30, 9))),
                new CreditExpired(later, Number(9), 30))
            .ThenGrant(9, used: 40, held: 0, expired: 60);
    }

    [Test]
    public void Unless_the_refund_restores_it_until_a_later_date()
    {
        var later = May.AddDays(2);
        Given(Assign(Quota(0)), Grant(9, 70, May.AddHours(12)), Track(1, Tokens(70))).At(later)
            .When(Refund(3, of: 1, Back(30)) with { RestoreUntil = May.AddDays(3) })
            .Then(GaveBack(3, 1, later, [Back(30)], Took("tokens", 30, C(30, 9))) with { RestoreUntil = May.AddDays(3) })
            .When(Track(4, Tokens(30))).ThenKinds(typeof(UsageTracked))
            .At(May.AddDays(3)).When(Refund(5, of: 1, Back(10))).ThenKinds(typeof(Refunded), typeof(CreditExpired));
    }

    [Test]
    public void A_grant_in_force_keeps_its_own_expiry_whatever_the_refund_says() =>
        // bug: restore_until also prolonged all that was free of a grant that had not expired
        Given(Assign(Quota(0)), Grant(9, 100, May.AddDays(1)), Track(1, Tokens(70)), Refund(3, of: 1, Back(30)) with { RestoreUntil = June })
        .At(May.AddDays(1)).When(Track(4, Tokens(1))).ThenDenied(DenialReason.FundingExhausted);

    private static GroupTotal ClosedAt(LedgerSpec spec, DateTimeOffset time)
    {
        spec.At(time).When(Grant(80, 1));
        return spec.Appended.OfType<PeriodClosed>().Last().Groups[0];
    }
}
