using Metering.Ledger.Accounts;
using Metering.Ledger.Catalog;
using Metering.Ledger.Pricing;
using Metering.Ledger.Windows;

namespace Metering.Ledger.Tests.Stored;

/// <summary>The examples that the golden files hold, as C#: every field of every event, and each event with all that is optional left out.</summary>
internal static class Examples
{
    private static readonly DateTimeOffset At = new(2026, 5, 14, 9, 26, 53, 589, TimeSpan.Zero);
    private static readonly DateTimeOffset Start = new(2026, 5, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly DateTimeOffset End = Start.AddMonths(1);
    private static readonly Cause By = new(Id(0xc0), new ContentHash(0x0123456789abcdef, 0xfedcba9876543210));
    private static readonly Attributes Model = Attributes.Of([new("model", "gpt-4o-mini"), new("cached", "true")]);
    private static readonly Period May = new(3, Start, End);

    private static Guid Id(byte last) => new(0x019e2589, unchecked((short)0xc0d5), 0x7a11, 0x8c, 0x4e, 0x5b, 0x21, 0x90, 0x7d, 0x3f, last);

    private static Reporting Reports(Reports what) => new("llm_tokens", 1_000, what);

    private static readonly LimitGroup Funding = new(
        "tokens", "tokens", GroupKind.Funding, [new Match("llm.*", Attributes.None), new Match("embed.tokens", Model)], 1_000_000,
        WindowLength.BillingPeriod, Anchor.Calendar, 200_000, 5_000,
        new Overage(long.MaxValue, TierMode.Graduated, [new Tier(100_000, new(3, 2), 0), new Tier(long.MaxValue, new(1, 1), 5_000_000)]),
        Reports(Metering.Ledger.Catalog.Reports.Overage), [50, 80, 100]);

    private static readonly LimitGroup Cap = new(
        "daily", "USD", GroupKind.Cap, [new Match("llm.*", Attributes.None)], 5_000_000_000, WindowLength.Day, Anchor.SubscriptionStart);

    private static readonly Plan Pro = new(
        "pro", 7, WindowLength.Month, Anchor.SubscriptionStart, "Europe/Berlin", "USD", 20_000_000_000, TimeSpan.FromHours(2), [Funding, Cap]);

    private static readonly Plan Bare = new("free", 1, WindowLength.Year, Anchor.Calendar, "UTC", "EUR", 0, TimeSpan.Zero, []);

    private static readonly UsedLine Line = new(
        "llm.input_tokens", "tokens", Model, 4_000, 200, [new RatedAmount("daily", 12, new(150_000_000, 1_000_000), 1_200_000, 684_000)]);

    private static readonly UsedLine BareLine = new("image.render", "count", Attributes.None, 1, 0, null);

    private static readonly Draw AllBuckets = new(
        "tokens", 2, Start, End, [new(Bucket.Rollover, 1), new(Bucket.Quota, 2), new(Bucket.Credit, 3, Id(0x6a)), new(Bucket.Overage, 4)], 96_200);

    private static readonly Draw Excess = AllBuckets with { Parts = [new(Bucket.Overage, 4)] };

    private static readonly GroupTotal Total = new(
        "tokens", 2, "tokens", GroupKind.Funding, 200_000, 1_000_000, 50_000, 150_000, 225_000, -700, -30, -45, 120_000,
        Reports(Metering.Ledger.Catalog.Reports.Charge),
        [new WindowOverage(Start, 100_000), new WindowOverage(Start.AddDays(1), 50_000, 7_000)]);

    private static readonly GroupTotal CapTotal = new("daily", 1, "USD", GroupKind.Cap, 0, 9, 0, 0, 0, 0, 0, 0, 0, null);

    public static readonly IReadOnlyDictionary<string, LedgerEvent> OfLedger = new SortedDictionary<string, LedgerEvent>(StringComparer.Ordinal)
    {
        ["plan_assigned.v1"] = new PlanAssigned(At, By, 2, Pro, PlanChange.NowReset, Start.AddDays(-400), May, "cus_9s6XKzkNRiz8i3"),
        ["plan_assigned.v1.minimal"] = new PlanAssigned(At, By, 1, Bare, PlanChange.NextPeriod, Start, null, null),
        ["plan_assigned.v1.carry"] = new PlanAssigned(At, By, 3, Bare with { Groups = [Funding with { Overage = Funding.Overage! with { Mode = TierMode.Volume }, Reporting = Reports(Metering.Ledger.Catalog.Reports.Usage) }] }, PlanChange.NowCarry, Start, null, null),
        ["plan_ended.v1"] = new PlanEnded(At, By, 2),
        ["limits_customized.v1"] = new LimitsCustomized(At, By, [new CustomLimit("tokens", 2_000_000), new CustomLimit("daily", null)]),
        ["credit_granted.v1"] = new CreditGranted(At, By, Id(0x6a), "tokens", 200_000, -1, End, "pi_3MtwBwLkdIwHu7ix28a3tqPa"),
        ["credit_granted.v1.minimal"] = new CreditGranted(At, By, Id(0x6a), "USD", 10_000_000_000, 0, null, "gift"),
        ["credit_expired.v1"] = new CreditExpired(At, Id(0x6a), 150_000),
        ["credit_revoked.v1"] = new CreditRevoked(At, By, Id(0x6a), 50_000),
        ["suspended.v1"] = new Suspended(At, By, "payment failed: “card_declined”"),
        ["resumed.v1"] = new Resumed(At, By),
        ["threshold_reached.v1"] = new ThresholdReached(At, "tokens", 2, Start, End, 80, 960_000, 1_200_000),
        ["reserved.v1"] = new Reserved(
            At, By, Id(0xc0), 2, 3, At.AddMinutes(10), TimeSpan.FromSeconds(30), [Line, BareLine], [AllBuckets], Id(0xd0)),
        ["reserved.v1.minimal"] = new Reserved(At, By, Id(0xc0), 1, 1, At.AddSeconds(1), TimeSpan.Zero, [BareLine], []),
        ["committed.v1"] = new Committed(At, By, Id(1), 2, 3, [Line, BareLine], [AllBuckets], [Excess]),
        ["committed.v1.minimal"] = new Committed(At, By, Id(1), 2, 3, [BareLine], []),
        ["released.v1"] = new Released(At, By, Id(1), ReleaseReason.Released, [AllBuckets], Id(0xd0)),
        ["released.v1.minimal"] = new Released(At, null, Id(1), ReleaseReason.Expired, []),
        ["refunded.v1"] = new Refunded(
            At, By, Id(1), 2, 3, "the model answered nothing: “”", [new RefundLine("llm.input_tokens", Model, 800)], [AllBuckets], End,
            null, [new ChargeBack("tokens", 2, Start, 4, 6)]),
        ["refunded.v1.to_run"] = new Refunded(At, By, Id(1), 3, null, Refunded.Unused, [], [AllBuckets], null, Id(0xd0)),
        ["refunded.v1.minimal"] = new Refunded(At, By, Id(1), 3, null, Refunded.Unused, [], [AllBuckets]),
        ["hold_extended.v1"] = new HoldExtended(At, By, Id(1), At.AddHours(24), [Line], [AllBuckets]),
        ["hold_extended.v1.minimal"] = new HoldExtended(At, By, Id(1), At.AddTicks(1), [], []),
        ["usage_tracked.v1"] = new UsageTracked(At, By, 2, 3, true, false, [Line, BareLine], [AllBuckets], At.AddHours(-3)),
        ["usage_tracked.v1.minimal"] = new UsageTracked(At, By, 0, null, false, true, [BareLine], []),
        ["period_ended.v1"] = new PeriodEnded(At, May, [Total, CapTotal], "cus_9s6XKzkNRiz8i3", new Period(4, End, End.AddMonths(1)), 2),
        ["period_ended.v1.minimal"] = new PeriodEnded(At, May with { End = At }, [], null, null, null),
        ["period_closed.v1"] = new PeriodClosed(At, May, [Total, CapTotal], [new MeterTotal("llm.input_tokens", 1_400_000, 200)], "cus_9s6XKzkNRiz8i3"),
        ["period_closed.v1.minimal"] = new PeriodClosed(At, May, [], [], null),
    };

    public static readonly IReadOnlyDictionary<string, CatalogEvent> OfCatalog = new SortedDictionary<string, CatalogEvent>(StringComparer.Ordinal)
    {
        ["meter_declared.v1"] = new MeterDeclared(At, By, new Meter("llm.input_tokens", "tokens")),
        ["plan_published.v1"] = new PlanPublished(At, By, Pro),
        ["plan_published.v1.minimal"] = new PlanPublished(At, By, Bare),
        ["plan_retired.v1"] = new PlanRetired(At, By, "pro"),
        ["price_book_published.v1"] = new PriceBookPublished(At, By, new PriceBook(
            12, End, "USD", 1_200_000, [new PriceEntry("llm.input_tokens", Model, new(120_000_000, 1_000_000), new(150_000_000, 1_000_000))])),
        ["price_book_published.v1.minimal"] = new PriceBookPublished(At, By, new PriceBook(1, End, "EUR", 0, [])),
    };
}
