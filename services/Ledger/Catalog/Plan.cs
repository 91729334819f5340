using Metering.Ledger.Pricing;
using Metering.Ledger.Windows;

namespace Metering.Ledger.Catalog;

/// <summary>A billable thing. <paramref name="Unit"/> is what its quantities count: <c>tokens</c>, <c>count</c>, <c>seconds</c>.</summary>
public sealed record Meter(string Name, string Unit);

/// <summary>
/// A version of a plan, resolved: nothing in it refers to the catalog. It rides on PlanAssigned, so that a ledger needs no catalog to be read.
/// </summary>
/// <param name="Zone">The IANA time zone of every window of the plan.</param>
/// <param name="BaseFee">Nano-units of <paramref name="Currency"/> per billing period; shown, never metered.</param>
/// <param name="LateGrace">How long after its end a period takes late tracking before it closes.</param>
public sealed record Plan(
    string Id, int Version, WindowLength Period, Anchor Anchor, string Zone, string Currency, long BaseFee, TimeSpan LateGrace,
    Items<LimitGroup> Groups)
{
    public LimitGroup? Group(string label)
    {
        foreach (var group in Groups)
            if (group.Label == label) return group;
        return null;
    }
}

/// <summary>Whether a group pays for usage or only admits and refuses it.</summary>
public enum GroupKind { Funding, Cap }

/// <summary>A quota per window over the meters and attributes that it matches.</summary>
/// <param name="Unit">A meter's unit, or a currency (three capitals): then lines are rated and amounts are nano-units.</param>
/// <param name="Quota">Amount included per window, ≥ 0.</param>
/// <param name="RolloverMax">The most that may roll over from one billing period to the next; 0 = nothing does.</param>
/// <param name="CommitAllowance">How far a commit's excess may pass the limit (rule 8); default 0.</param>
/// <param name="Overage">Use beyond rollover, quota and credits that is billed; none = hard limit.</param>
/// <param name="Reporting">What of this group is reported to Stripe; none = nothing.</param>
/// <param name="Thresholds">Percentages of quota and rollover whose reaching is a fact of its own (rule 20), ascending.</param>
public sealed record LimitGroup(
    string Label, string Unit, GroupKind Kind, Items<Match> Matches, long Quota, WindowLength Window, Anchor Anchor,
    long RolloverMax = 0, long CommitAllowance = 0, Overage? Overage = null, Reporting? Reporting = null,
    Items<int>? Thresholds = null)
{
    /// <summary>True if amounts of this group are money: nano-units of <see cref="Unit"/>.</summary>
    public bool IsMoney => Currencies.IsCurrency(Unit);

    /// <summary>True if usage of this meter, unit and attributes counts here.</summary>
    public bool Covers(string meter, string unit, Attributes attributes)
    {
        if (!IsMoney && Unit != unit) return false;
        foreach (var match in Matches)
            if (match.Covers(meter, attributes)) return true;
        return false;
    }
}

/// <summary>A meter's name, or a prefix of names ending in <c>*</c>, and the attributes that a line must have.</summary>
public sealed record Match(string Meter, Attributes Where)
{
    public bool Covers(string meter, Attributes attributes) =>
        (Meter.EndsWith('*') ? meter.AsSpan().StartsWith(Meter.AsSpan(0, Meter.Length - 1)) : meter == Meter) && attributes.Have(Where);
}

/// <summary>Use beyond what is included. <paramref name="Cap"/> is the most per window (<see cref="long.MaxValue"/> = no cap).</summary>
public sealed record Overage(long Cap, TierMode Mode, Items<Tier> Tiers);

/// <summary>What a group reports to a Stripe meter: value = floor(total ÷ <paramref name="Scale"/>).</summary>
public sealed record Reporting(string StripeMeter, long Scale, Reports What);

/// <summary>Net quantity, net overage quantity, or money charged for overage.</summary>
public enum Reports { Usage, Overage, Charge }

/// <summary>What is reported, by the names that others know: in messages, and in what is kept of reports.</summary>
public static class ReportsNames
{
    public static string Name(this Reports what) => what switch
    {
        Reports.Usage => "usage",
        Reports.Overage => "overage",
        Reports.Charge => "charge",
        _ => throw new ArgumentOutOfRangeException(nameof(what), what, "no such total"),
    };
}

/// <summary>Which units are money.</summary>
public static class Currencies
{
    public static bool IsCurrency(string unit) => unit.Length == 3 && unit.All(char.IsAsciiLetterUpper);
}
