using Google.Protobuf.WellKnownTypes;
using Metering.Ledger.Catalog;
using Metering.Ledger.Pricing;
using static Metering.Reservations.Replies.Values;

namespace Metering.Reservations.Replies;

/// <summary>The catalog's facts as replies of the Catalog service.</summary>
internal static class CatalogReplies
{
    public static V1.DeclareMeterReply Of(Declared declared) =>
        new() { Meter = Meter(declared.Meter), At = Moment(declared.At), Repeated = declared.Repeated };

    public static V1.PublishPlanReply Of(Published published) =>
        new() { Plan = Plan(published.Plan), At = Moment(published.At), Repeated = published.Repeated };

    public static V1.RetirePlanReply Of(Retired retired) => new() { At = Moment(retired.At), Repeated = retired.Repeated };

    public static V1.PublishPriceBookReply Of(BookPublished published) =>
        new() { Book = Book(published.Book), At = Moment(published.At), Repeated = published.Repeated };

    public static V1.Meter Meter(Meter meter) => new() { Name = meter.Name, Unit = meter.Unit };

    public static V1.PublishedPlan Published(PublishedPlan plan) => new()
    {
        Plan = Plan(plan.Plan), PublishedAt = Moment(plan.PublishedAt), RetiredAt = End(plan.RetiredAt),
    };

    public static V1.PriceBook Book(PriceBook book)
    {
        var message = new V1.PriceBook
        {
            Version = book.Version, EffectiveFrom = Moment(book.EffectiveFrom), Currency = book.Currency, MarkupPpm = book.MarkupPpm,
        };
        Fill(message.Entries, book.Entries, Entry);
        return message;
    }

    private static V1.Plan Plan(Plan plan)
    {
        var message = new V1.Plan
        {
            Id = plan.Id, Version = plan.Version, Period = Window(plan.Period), Anchor = Anchor(plan.Anchor), Zone = plan.Zone,
            Currency = plan.Currency, BaseFee = plan.BaseFee, LateGrace = Duration.FromTimeSpan(plan.LateGrace),
        };
        Fill(message.Groups, plan.Groups, Group);
        return message;
    }

    private static V1.LimitGroup Group(LimitGroup group)
    {
        var message = new V1.LimitGroup
        {
            Label = group.Label, Unit = group.Unit, Kind = Kind(group.Kind), Quota = group.Quota, Window = Window(group.Window),
            Anchor = Anchor(group.Anchor), RolloverMax = group.RolloverMax, CommitAllowance = group.CommitAllowance,
            Overage = Overage(group.Overage), Reporting = Reporting(group.Reporting),
        };
        Fill(message.Matches, group.Matches, Match);
        message.Thresholds.AddRange(group.Thresholds ?? []);
        return message;
    }

    private static V1.Match Match(Match match)
    {
        var message = new V1.Match { Meter = match.Meter };
        Fill(message.Attributes, match.Where);
        return message;
    }

    private static V1.Overage? Overage(Overage? overage)
    {
        if (overage is null) return null;
        var message = new V1.Overage { Mode = (V1.TierMode)(overage.Mode + 1) };
        if (overage.Cap != long.MaxValue) message.Cap = overage.Cap;
        Fill(message.Tiers, overage.Tiers, Tier);
        return message;
    }

    private static V1.Tier Tier(Tier tier)
    {
        var message = new V1.Tier { Price = Price(tier.Price), Flat = tier.FlatNanos };
        if (tier.UpTo != long.MaxValue) message.UpTo = tier.UpTo;
        return message;
    }

    private static V1.PriceEntry Entry(PriceEntry entry)
    {
        var message = new V1.PriceEntry { Meter = entry.Meter, Cost = Price(entry.Cost), Price = Price(entry.Price) };
        Fill(message.Attributes, entry.Where);
        return message;
    }

    private static V1.WindowLength Window(Ledger.Windows.WindowLength length) => (V1.WindowLength)(length + 1);

    private static V1.Anchor Anchor(Ledger.Windows.Anchor anchor) => (V1.Anchor)(anchor + 1);
}
