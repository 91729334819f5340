using Metering.Ledger.Accounts;
using static Metering.Ledger.Tests.Accounts.AccountSamples;
using static Metering.Ledger.Tests.Accounts.LedgerSpec;

namespace Metering.Ledger.Tests.Accounts;

/// <summary>Rule 12: usage without a hold.</summary>
public sealed class TrackTests
{
    [Test]
    public void Enforced_it_is_reserve_and_commit_in_one() => Given(Assign(Quota(100), Cap(80)))
        .When(Track(1, Tokens(60)))
        .Then(Tracked(1, May, true, [Used(Tokens(60))], Took("tokens", 40, Q(60)), Took("daily", 20, Q(60)).In(May, May.AddDays(1))))
        .When(Track(2, Tokens(21))).ThenDenied(DenialReason.CapReached, "daily", 21, 80, 60, 0, 20, May.AddDays(1))
        .ThenBalance("tokens", 60, 0, 20);

    [Test]
    public void Enforced_it_is_denied_without_a_plan_or_group()
    {
        Given().When(Track(1, Tokens(1))).ThenDenied(DenialReason.NoPlan);
        Given(Assign(Quota(9))).When(Track(1, Images(1))).ThenDenied(DenialReason.Unmatched);
    }

    [Test]
    public void Post_paid_it_passes_every_limit() => Given(Assign(Quota(100), Cap(80)), Grant(9, 10))
        .When(PostPaid(1, Tokens(150)))
        .Then(Tracked(1, May, false, [Used(Tokens(150))], Took("tokens", 0, Q(140), C(10, 9)), Took("daily", 0, Q(150)).In(May, May.AddDays(1))))
        .When(Track(2, Tokens(1))).ThenDenied(DenialReason.FundingExhausted, "tokens", 1, 100, 140, 0, 0, June);

    [Test]
    public void Post_paid_beyond_capped_overage_is_overage() => Given(Assign(Quota(100) with { Overage = Over(10) }))
        .When(PostPaid(1, Tokens(150)))
        .Then(Tracked(1, May, false, [Used(Tokens(150))], Took("tokens", 0, Q(100), O(50))));

    [Test]
    public void Credits_bought_later_are_room_though_post_paid_use_went_below() => Given(Assign(Quota(100)), PostPaid(1, Tokens(150)), Grant(9, 10))
        .When(Reserve(2, Tokens(10))).Then(Reserved(2, May, [Used(Tokens(10))], Took("tokens", 0, C(10, 9))));

    [Test]
    public void Post_paid_use_that_does_not_fit_64_bits_is_malformed() =>
        // bug: use went below zero and gave room
        Given(Assign(Quota(100)), PostPaid(1, Tokens(long.MaxValue)))
        .When(PostPaid(2, Tokens(1))).ThenRefused(RefusalKind.Invalid, "lines[0].quantity")
        .When(Track(3, Tokens(1))).ThenDenied(DenialReason.FundingExhausted);

    [Test]
    public void Post_paid_without_a_plan_is_recorded_unmatched() => Given()
        .When(PostPaid(1, Tokens(150)))
        .Then(new UsageTracked(May, By(1), 0, null, false, true, [Used(Tokens(150), overrun: 150)], []));

    [Test]
    public void Post_paid_without_a_funding_group_is_recorded_unmatched() => Given(Assign(Quota(100)))
        .When(PostPaid(1, Images(3)))
        .Then(new UsageTracked(May, By(1), 1, 1, false, true, [Used(Images(3), overrun: 3)], []));

    [Test]
    public void Post_paid_is_unmatched_where_a_money_group_has_no_price() => Given(Assign(Dollars(100)))
        .When(PostPaid(1, Tokens(3)))
        .Then(new UsageTracked(May, By(1), 1, 1, false, true, [Used(Tokens(3), overrun: 3)], []));
}
