using Metering.Ledger;
using Metering.Ledger.Accounts;
using Metering.Ledger.Catalog;
using Metering.Ledger.Pricing;
using Metering.Ledger.Windows;

namespace Metering.Reservations.Requests;

/// <summary>Reads the requests of the Catalog service into commands. What they mean is judged by the catalog's own rules.</summary>
internal static class CatalogRequests
{
    /// <summary>Keyed by the meter, so its id is of no consequence.</summary>
    public static DeclareMeter Read(V1.DeclareMeterRequest request, DateTimeOffset now)
    {
        var meter = request.Meter ?? throw RequestRefused.Invalid("meter", "a meter");
        var content = new Content("declare_meter").Add(meter.Name).Add(meter.Unit).Hash();
        return new(Guid.CreateVersion7(now), content, new Meter(meter.Name, meter.Unit));
    }

    public static PublishPlan Read(V1.PublishPlanRequest request, DateTimeOffset now)
    {
        var id = Fields.CommandId(request.CommandId, now);
        var plan = PlanOf(request.Plan ?? throw RequestRefused.Invalid("plan", "a plan"));
        return new(id, new Content("publish_plan").Add(plan).Hash(), plan);
    }

    /// <summary>Keyed by the plan, so its id is of no consequence.</summary>
    public static RetirePlan Read(V1.RetirePlanRequest request, DateTimeOffset now) =>
        new(Guid.CreateVersion7(now), new Content("retire_plan").Add(request.PlanId).Hash(), request.PlanId);

    public static PublishPriceBook Read(V1.PublishPriceBookRequest request, DateTimeOffset now)
    {
        var id = Fields.CommandId(request.CommandId, now);
        var from = Fields.Moment("effective_from", request.EffectiveFrom);
        var markup = request.HasMarkupPpm ? request.MarkupPpm : Rating.NoMarkup;
        var entries = request.Entries.Select((entry, i) => EntryOf(entry, $"entries[{i}]")).ToItems();
        var content = new Content("publish_price_book").Add(request.Currency).Add(markup).Add(entries).Add(from).Hash();
        return new(id, content, request.Currency, markup, entries, from);
    }

    private static Plan PlanOf(V1.Plan plan)
    {
        if (plan.Version != 0) throw RequestRefused.Invalid("plan.version", "0: the catalog gives it");
        return new(
            plan.Id, 0, WindowOf("plan.period", plan.Period), AnchorOf("plan.anchor", plan.Anchor),
            plan.Zone.Length == 0 ? "UTC" : plan.Zone, plan.Currency, plan.BaseFee,
            Fields.Duration("plan.late_grace", plan.LateGrace, TimeSpan.Zero, PlanRules.LateGraceMost) ?? TimeSpan.Zero,
            plan.Groups.Select((group, i) => GroupOf(group, $"plan.groups[{i}]")).ToItems());
    }

    private static LimitGroup GroupOf(V1.LimitGroup group, string field) => new(
        group.Label, group.Unit, KindOf($"{field}.kind", group.Kind),
        group.Matches.Select((match, i) => MatchOf(match, $"{field}.matches[{i}]")).ToItems(),
        group.Quota, WindowOf($"{field}.window", group.Window), AnchorOf($"{field}.anchor", group.Anchor), group.RolloverMax, group.CommitAllowance,
        group.Overage is { } overage ? OverageOf(overage, $"{field}.overage") : null,
        group.Reporting is { } reporting ? ReportingOf(reporting, $"{field}.reporting") : null,
        group.Thresholds.Count > 0 ? group.Thresholds.ToItems() : null);

    private static Match MatchOf(V1.Match match, string field) => new(match.Meter, Lines.AttributesOf($"{field}.attributes", match.Attributes));

    private static Overage OverageOf(V1.Overage overage, string field) => new(
        overage.HasCap ? overage.Cap : long.MaxValue,
        overage.Mode switch
        {
            V1.TierMode.Graduated => TierMode.Graduated,
            V1.TierMode.Volume => TierMode.Volume,
            _ => throw RequestRefused.Invalid($"{field}.mode", "graduated or volume"),
        },
        overage.Tiers.Select((tier, i) => TierOf(tier, $"{field}.tiers[{i}]")).ToItems());

    private static Tier TierOf(V1.Tier tier, string field) =>
        new(tier.HasUpTo ? tier.UpTo : long.MaxValue, PriceOf($"{field}.price", tier.Price), tier.Flat);

    private static PriceEntry EntryOf(V1.PriceEntry entry, string field) => new(
        entry.Meter, Lines.AttributesOf($"{field}.attributes", entry.Attributes), PriceOf($"{field}.cost", entry.Cost),
        PriceOf($"{field}.price", entry.Price));

    private static Price PriceOf(string field, V1.Price? price) =>
        price is null ? throw RequestRefused.Invalid(field, "a price") : new(price.Nanos, price.Per);

    private static Reporting ReportingOf(V1.Reporting reporting, string field) => new(reporting.StripeMeter, reporting.Scale, reporting.What switch
    {
        V1.ReportedTotal.Usage => Reports.Usage,
        V1.ReportedTotal.Overage => Reports.Overage,
        V1.ReportedTotal.Charge => Reports.Charge,
        _ => throw RequestRefused.Invalid($"{field}.what", "usage, overage or charge"),
    });

    private static GroupKind KindOf(string field, V1.GroupKind kind) => kind switch
    {
        V1.GroupKind.Funding => GroupKind.Funding,
        V1.GroupKind.Cap => GroupKind.Cap,
        _ => throw RequestRefused.Invalid(field, "funding or cap"),
    };

    private static WindowLength WindowOf(string field, V1.WindowLength length) => length switch
    {
        V1.WindowLength.Hour => WindowLength.Hour,
        V1.WindowLength.Day => WindowLength.Day,
        V1.WindowLength.Week => WindowLength.Week,
        V1.WindowLength.Month => WindowLength.Month,
        V1.WindowLength.Year => WindowLength.Year,
        V1.WindowLength.Lifetime => WindowLength.Lifetime,
        V1.WindowLength.BillingPeriod => WindowLength.BillingPeriod,
        _ => throw RequestRefused.Invalid(field, "hour, day, week, month, year, lifetime or the billing period"),
    };

    private static Anchor AnchorOf(string field, V1.Anchor anchor) => anchor switch
    {
        V1.Anchor.Unspecified or V1.Anchor.Calendar => Anchor.Calendar,
        V1.Anchor.SubscriptionStart => Anchor.SubscriptionStart,
        _ => throw RequestRefused.Invalid(field, "the calendar or the subscription's start"),
    };
}
