using Metering.Ledger.Accounts;
using Metering.Ledger.Catalog;
using Metering.Ledger.Pricing;
using static Metering.Ledger.Tests.Accounts.AccountSamples;
using static Metering.Ledger.Tests.Accounts.LedgerSpec;

namespace Metering.Ledger.Tests.Accounts;

/// <summary>The arithmetic of the stories that the product was conceived from.</summary>
public sealed class SeedTests
{
    [Test]
    public void Reserve_4000_use_800_refund_3200() => Given(Assign(Quota(10_000)), Reserve(1, Tokens(4_000)))
        .When(Commit(2, of: 1, Tokens(800)))
        .Then(Committed(2, 1, May, [Used(Tokens(800))], Took("tokens", 6_000, Q(4_000))), Unused(2, 1, May, Took("tokens", 9_200, Q(3_200))))
        .ThenBalance("tokens", used: 800, held: 0, available: 9_200);

    [Test]
    public void Input_tokens_at_15_cents_a_million_are_exact_in_nano_dollars()
    {
        var rate = Price(150_000_000, per: 1_000_000);
        Given(Assign(Dollars(1_000_000_000)), Reserve(1, Tokens(4_000, rate)))
            .When(Commit(2, of: 1, Tokens(1, rate)))
            .Then(
                Committed(2, 1, May, [Used(Tokens(1), 0, Rated(150, rate))], Took("money", 999_400_000, Q(600_000))),
                Unused(2, 1, May, Took("money", 999_999_850, Q(599_850))))
            .When(Track(3, Tokens(6_666_665, rate)))
            .Then(Tracked(3, May, true, [Used(Tokens(6_666_665), 0, Rated(999_999_750, rate))], Took("money", 100, Q(999_999_750))))
            .When(Track(4, Tokens(1, rate))).ThenDenied(DenialReason.FundingExhausted, "money", 150, 1_000_000_000, 999_999_900, 0, 100, June);
    }

    [Test]
    public void Five_hundred_resolutions_are_included_then_overage_is_charged_99_cents_each()
    {
        var group = Quota(500, "resolutions", "agent.resolution", "count") with
        {
            Overage = new(long.MaxValue, TierMode.Graduated, [new Tier(long.MaxValue, new(990_000_000, 1), 0)]),
            Reporting = new("resolutions", 1, Reports.Overage),
        };
        var resolution = Images(1) with { Meter = "agent.resolution" };
        var spec = Given(Assign(group), Track(1, resolution with { Quantity = 499 }));
        spec.When(Track(2, resolution)).Then(Tracked(2, May, true, [Used(resolution)], Took("resolutions", long.MaxValue, Q(1))));
        spec.When(Track(3, resolution)).Then(Tracked(3, May, true, [Used(resolution)], Took("resolutions", long.MaxValue - 1, O(1))));
        spec.And(Track(4, resolution with { Quantity = 9 }));
        spec.At(June).When(Close(1));
        Assert.That(spec.Appended.OfType<PeriodClosed>().Single().Groups[0], Is.EqualTo(new GroupTotal(
            "resolutions", 1, "count", GroupKind.Funding, 0, 500, 0, 10, 9_900_000_000, 0, 0, 0, 0, group.Reporting)));
    }

    [Test]
    public void Tokens_bought_while_a_stream_runs_let_it_go_on() =>
        Given(Assign(Quota(50_000)), Reserve(1, Tokens(50_000)))
        .At(May.AddMinutes(2)).When(Extend(2, of: 1, TenMinutes, Tokens(20_000)))
        .ThenDenied(DenialReason.FundingExhausted, "tokens", 20_000, 50_000, 0, 50_000, 0, June)
        .And(Grant(3, 200_000) with { Source = "pi_10_dollars" })
        .When(Extend(4, of: 1, TenMinutes, Tokens(20_000)))
        .Then(new HoldExtended(May.AddMinutes(2), By(4), Number(1), May.AddMinutes(12), [Used(Tokens(20_000))], [Took("tokens", 180_000, C(20_000, 3))]))
        .When(Commit(5, of: 1, Tokens(63_000)))
        .Then(
            Committed(5, 1, May.AddMinutes(2), [Used(Tokens(63_000))], Took("tokens", 180_000, Q(50_000), C(20_000, 3))),
            Unused(5, 1, May.AddMinutes(2), Took("tokens", 187_000, C(7_000, 3))))
        .ThenGrant(3, used: 13_000, held: 0, expired: 0);
}
