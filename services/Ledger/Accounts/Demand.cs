using Metering.Ledger.Catalog;
using Metering.Ledger.Pricing;

namespace Metering.Ledger.Accounts;

/// <summary>Which groups a line counts in and what it comes to there: quantities as they are, money rated once per line (rule 19).</summary>
internal static class Demand
{
    /// <summary>The groups of the plan that cover the line, the funding one first; none if no funding group does (rule 2).</summary>
    public static List<LimitGroup> GroupsOf(Plan plan, AskedLine line)
    {
        var groups = new List<LimitGroup>(2);
        foreach (var group in plan.Groups)
        {
            if (!group.Covers(line.Meter, line.Unit, line.Attributes)) continue;
            if (group.Kind == GroupKind.Funding) groups.Insert(0, group);
            else groups.Add(group);
        }
        if (groups.Count > 0 && groups[0].Kind == GroupKind.Cap) groups.Clear();
        return groups;
    }

    /// <summary>The price of a line in a currency by the book in force at <paramref name="at"/>; none if no book has one.</summary>
    public static Rate? RateAt(AskedLine line, string currency, DateTimeOffset at)
    {
        Rate? latest = null;
        foreach (var rate in line.Rates)
            if (rate.Currency == currency && rate.From <= at && at < rate.Until && !(rate.From < latest?.From)) latest = rate;
        return latest;
    }

    /// <summary>A line of the hold keeps the prices stored with it (rule 18), whatever the catalog says by now.</summary>
    public static AskedLine AsReserved(AskedLine line, Plan plan, Hold hold)
    {
        foreach (var held in hold.Lines)
            if (held.Ratings is { } ratings && held.Meter == line.Meter && held.Attributes.Equals(line.Attributes))
                return line with { Rates = ratings.Select(rated => RateOf(rated, plan, hold.At)).ToItems() };
        return line;
    }

    private static Rate RateOf(RatedAmount rated, Plan plan, DateTimeOffset from) =>
        new(rated.Book, from, DateTimeOffset.MaxValue, plan.Group(rated.Group)!.Unit, rated.Price, rated.MarkupPpm);

    /// <summary>True if every money group of the line has a price.</summary>
    public static bool IsPriced(AskedLine line, List<LimitGroup> groups, DateTimeOffset at) =>
        groups.TrueForAll(group => !group.IsMoney || RateAt(line, group.Unit, at) is not null);

    /// <summary>What <paramref name="quantity"/> of the line comes to in a group.</summary>
    /// <exception cref="AmountOverflowException">It does not fit.</exception>
    public static long Amount(AskedLine line, LimitGroup group, long quantity, DateTimeOffset at) =>
        group.IsMoney ? Amount(RateAt(line, group.Unit, at)!, quantity) : quantity;

    private static long Amount(Rate rate, long quantity) => Rating.Amount(quantity, rate.Price, rate.MarkupPpm);

    /// <summary>The line as an event records it, with what it came to in each money group.</summary>
    public static UsedLine Record(AskedLine line, List<LimitGroup> groups, long charged, DateTimeOffset at)
    {
        List<RatedAmount>? ratings = null;
        foreach (var group in groups)
            if (group.IsMoney && RateAt(line, group.Unit, at) is { } rate)
                (ratings ??= []).Add(new(group.Label, rate.Book, rate.Price, rate.MarkupPpm, Amount(rate, charged)));
        return new UsedLine(line.Meter, line.Unit, line.Attributes, line.Quantity, line.Quantity - charged, ratings?.ToItems());
    }

    /// <summary>The most of the line, in whole units, that comes to no more than <paramref name="amount"/> in a group.</summary>
    public static long Most(AskedLine line, LimitGroup group, long amount, DateTimeOffset at)
    {
        if (!group.IsMoney) return Math.Min(line.Quantity, Math.Max(0, amount));
        var rate = RateAt(line, group.Unit, at)!;
        var (fits, tooMuch) = (0L, line.Quantity);
        if (Fits(rate, tooMuch, amount)) return tooMuch;
        while (tooMuch - fits > 1)
        {
            var half = fits + (tooMuch - fits) / 2;
            if (Fits(rate, half, amount)) fits = half;
            else tooMuch = half;
        }
        return fits;
    }

    private static bool Fits(Rate rate, long quantity, long amount)
    {
        try
        {
            return Amount(rate, quantity) <= amount;
        }
        catch (AmountOverflowException)
        {
            return false;
        }
    }
}
