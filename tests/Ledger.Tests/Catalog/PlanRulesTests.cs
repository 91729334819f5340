using Metering.Ledger.Accounts;
using Metering.Ledger.Catalog;
using Metering.Ledger.Pricing;
using Metering.Ledger.Windows;
using static Metering.Ledger.Tests.Catalog.Samples;

namespace Metering.Ledger.Tests.Catalog;

public sealed class PlanRulesTests
{
    private static readonly Overage Flat = new(long.MaxValue, TierMode.Graduated, [new Tier(long.MaxValue, new(1, 1), 0)]);
    private static readonly Reporting Usage = new("tokens", 1, Reports.Usage);

    private static IEnumerable<TestCaseData> Refused()
    {
        yield return Row("plan.id", Plan(Funding()) with { Id = "pro plan" });
        yield return Row("plan.period", Plan(Funding()) with { Period = WindowLength.Hour });
        yield return Row("plan.period", Plan(Funding()) with { Period = WindowLength.BillingPeriod });
        yield return Row("plan.anchor", Plan(Funding()) with { Anchor = (Anchor)9 });
        yield return Row("plan.zone", Plan(Funding()) with { Zone = "Mars/Olympus" });
        yield return Row("plan.currency", Plan(Funding()) with { Currency = "usd" });
        yield return Row("plan.base_fee", Plan(Funding()) with { BaseFee = -1 });
        yield return Row("plan.late_grace", Plan(Funding()) with { LateGrace = TimeSpan.FromTicks(-1) });
        yield return Row("plan.late_grace", Plan(Funding()) with { LateGrace = TimeSpan.FromDays(35) + TimeSpan.FromTicks(1) });
        yield return Row("plan.groups", Plan([.. Enumerable.Range(0, 65).Select(i => Cap($"cap{i}"))]));
        yield return Row("plan.groups[0].label", Plan(Funding(label: "")));
        yield return Row("plan.groups[1].label", Plan(Funding(), Cap("tokens")));
        yield return Row("plan.groups[0].kind", Plan(Funding() with { Kind = (GroupKind)9 }));
        yield return Row("plan.groups[0].unit", Plan(Funding(unit: "")));
        yield return Row("plan.groups[0].unit", Plan(Funding(unit: "EUR")));
        yield return Row("plan.groups[1].quota", Plan(Funding(), Cap() with { Quota = -1 }));
        yield return Row("plan.groups[0].quota", Plan(Funding() with { Quota = long.MaxValue }));
        yield return Row("plan.groups[0].window", Plan(Funding() with { Window = (WindowLength)99 }));
        yield return Row("plan.groups[0].anchor", Plan(Funding() with { Anchor = (Anchor)9 }));
        yield return Row("plan.groups[0].commit_allowance", Plan(Funding() with { CommitAllowance = -1 }));
        yield return Row("plan.groups[0].matches", Plan(Funding() with { Matches = [] }));
        yield return Row("plan.groups[0].matches[0].meter", Plan(Funding(meter: "llm.other")));
        yield return Row("plan.groups[0].matches[0].meter", Plan(Funding(meter: "image.render")));
        yield return Row("plan.groups[0].matches[0].meter", Plan(Funding(meter: "image.*")));
        yield return Row("plan.groups[0].matches[0].meter", Plan(Funding(unit: "USD", meter: "video.*")));
        yield return Row("plan.groups[0].matches[0].attributes", Plan(Funding() with { Matches = [new Match("llm.tokens", Where("", "x"))] }));
        yield return Row("plan.groups[0].rollover_max", Plan(Cap() with { RolloverMax = 1 }));
        yield return Row("plan.groups[0].overage", Plan(Cap() with { Overage = Flat }));
        yield return Row("plan.groups[0].reporting", Plan(Cap() with { Reporting = Usage }));
        yield return Row("plan.groups[0].rollover_max", Plan(Funding() with { RolloverMax = -1 }));
        yield return Row("plan.groups[0].rollover_max", Plan(Funding() with { RolloverMax = 1, Window = WindowLength.Month }));
        yield return Row("plan.groups[0].overage.cap", Plan(Funding() with { Overage = Flat with { Cap = -1 } }));
        yield return Row("plan.groups[0].overage.cap", Plan(Funding() with { Overage = Flat, CommitAllowance = 1 }));
        yield return Row("plan.groups[0].overage.mode", Plan(Funding() with { Overage = Flat with { Mode = (TierMode)9 } }));
        yield return Row("plan.groups[0].overage.tiers", Plan(Funding() with { Overage = Flat with { Tiers = [] } }));
        yield return Row("plan.groups[0].overage.tiers[0].flat", Plan(Funding() with { Overage = Flat with { Tiers = [new Tier(long.MaxValue, new(1, 1), -1)] } }));
        yield return Row("plan.groups[0].overage.tiers[0].up_to", Plan(Funding() with { Overage = Flat with { Tiers = [new Tier(10, new(1, 1), 0)] } }));
        yield return Row("plan.groups[0].overage.tiers[0].price.per",
            Plan(Funding() with { Overage = Flat with { Tiers = [new Tier(long.MaxValue, new(1, 0), 0)] } }));
        yield return Row("plan.groups[0].reporting.stripe_meter", Plan(Funding() with { Reporting = Usage with { StripeMeter = "" } }));
        yield return Row("plan.groups[0].reporting.scale", Plan(Funding() with { Reporting = Usage with { Scale = 0 } }));
        yield return Row("plan.groups[0].reporting.what", Plan(Funding() with { Reporting = Usage with { What = (Reports)9 } }));
        yield return Row("plan.groups[0].reporting.what", Plan(Funding() with { Reporting = Usage with { What = Reports.Overage } }));
        yield return Row("plan.groups[0].reporting.what", Plan(Funding() with { Reporting = Usage with { What = Reports.Charge } }));
        yield return Row("plan.groups[1].matches", Plan(Funding(), Funding("again")));
        yield return Row("plan.groups[1].matches", Plan(Funding(), Funding("budget", "USD", "llm.*")));
        yield return Row("plan.groups[2].matches", Plan(Funding(), Cap(), Funding("budget", "USD", "*")));
    }

    private static IEnumerable<TestCaseData> Publishable()
    {
        yield return new(Plan());
        yield return new(Plan(Funding(), Cap(), Cap("hourly") with { Window = WindowLength.Hour, CommitAllowance = 5 }));
        yield return new(Plan(Funding() with { RolloverMax = 500, CommitAllowance = 5, Overage = Flat with { Cap = 100 } }));
        yield return new(Plan(Funding() with { Overage = Flat, Reporting = Usage with { What = Reports.Charge } }));
        yield return new(Plan(Funding() with { Overage = Flat with { Cap = 0 }, Reporting = Usage with { What = Reports.Overage } }));
        yield return new(Plan(Funding(meter: "*"), Funding("images", "count", "*")));
        yield return new(Plan(Funding("images", "count", "image.render"), Funding("budget", "USD", "llm.*")));
        yield return new(Plan(
            Funding() with { Matches = [new Match("llm.*", Where("model", "small"))] },
            Funding("large") with { Matches = [new Match("llm.tokens", Where("model", "large"))] }));
        yield return new(Plan(Funding()) with { LateGrace = TimeSpan.FromDays(35), Period = WindowLength.Year, Anchor = Anchor.SubscriptionStart });
    }

    [TestCaseSource(nameof(Refused))]
    public void Refuses_and_names_the_field(string field, Plan plan) =>
        Assert.That(PlanRules.Problem(plan, Catalog, IsZone), Is.Not.Null.And.Property("Field").EqualTo(field).And.Property("Kind").EqualTo(RefusalKind.Invalid));

    [TestCaseSource(nameof(Publishable))]
    public void Takes(Plan plan) => Assert.That(PlanRules.Problem(plan, Catalog, IsZone), Is.Null);

    private static CatalogState Catalog => CatalogSpec.Folded(Declared(1, Tokens), Declared(2, Images));

    private static bool IsZone(string zone) => zone == "Europe/Berlin";

    private static TestCaseData Row(string field, Plan plan) => new(field, plan);
}
