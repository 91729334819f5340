using Google.Protobuf.Collections;
using Google.Protobuf.WellKnownTypes;
using Metering.Ledger;
using Metering.Ledger.Accounts;
using Metering.Ledger.Pricing;

namespace Metering.Reservations.Replies;

/// <summary>The ledger's values as messages.</summary>
internal static class Values
{
    public static Timestamp Moment(DateTimeOffset at) => Timestamp.FromDateTimeOffset(at);

    /// <summary>A moment that may be none, or the end of a window; absent for a lifetime's.</summary>
    public static Timestamp? End(DateTimeOffset? end) => end is null || end == DateTimeOffset.MaxValue ? null : Timestamp.FromDateTimeOffset(end.Value);

    public static V1.Price Price(Price price) => new() { Nanos = price.Nanos, Per = price.Per };

    public static V1.Period? Period(Period? period) =>
        period is null ? null : new() { Number = period.Number, Start = Moment(period.Start), End = Moment(period.End) };

    public static V1.Draw Draw(Draw draw)
    {
        var message = new V1.Draw
        {
            Group = draw.Group, WindowStart = Moment(draw.Start), WindowEnd = End(draw.End), Amount = draw.Amount, Left = draw.Left,
        };
        foreach (var part in draw.Parts) message.Parts.Add(Part(part));
        return message;
    }

    public static V1.UsedLine UsedLine(UsedLine line)
    {
        var message = new V1.UsedLine { Meter = line.Meter, Quantity = line.Quantity, Overrun = line.Overrun };
        Fill(message.Attributes, line.Attributes);
        foreach (var rating in line.Ratings ?? []) message.Ratings.Add(Rating(rating));
        return message;
    }

    public static V1.ChargeBack ChargeBack(ChargeBack back) =>
        new() { Group = back.Group, Start = Moment(back.Start), Overage = back.Overage, Nanos = back.Nanos };

    public static V1.Line Line(RefundLine line)
    {
        var message = new V1.Line { Meter = line.Meter, Quantity = line.Quantity };
        Fill(message.Attributes, line.Attributes);
        return message;
    }

    public static V1.Reporting? Reporting(Ledger.Catalog.Reporting? reporting) => reporting is null ? null : new()
    {
        StripeMeter = reporting.StripeMeter, Scale = reporting.Scale, What = (V1.ReportedTotal)(reporting.What + 1),
    };

    public static V1.GroupKind Kind(Ledger.Catalog.GroupKind kind) => (V1.GroupKind)(kind + 1);

    public static void Fill(MapField<string, string> map, Attributes attributes)
    {
        foreach (var (key, value) in attributes.Pairs) map.Add(key, value);
    }

    public static void Fill<T, TMessage>(RepeatedField<TMessage> messages, Items<T> items, Func<T, TMessage> message)
    {
        foreach (var item in items) messages.Add(message(item));
    }

    private static V1.RatedAmount Rating(RatedAmount rated) =>
        new() { Group = rated.Group, Price = Price(rated.Price), MarkupPpm = rated.MarkupPpm, Amount = rated.Amount, Book = rated.Book };

    private static V1.Part Part(Part part)
    {
        var message = new V1.Part { Bucket = (V1.Bucket)(part.Bucket + 1), Amount = part.Amount };
        if (part.Grant is { } grant) message.GrantId = grant.ToString();
        return message;
    }
}
