using System.Text.RegularExpressions;
using Metering.Ledger.Accounts;
using Metering.Ledger.Pricing;
using Metering.Ledger.Windows;

namespace Metering.Ledger.Catalog;

/// <summary>What a plan must be to be published. Each rule names the field as a request writes it.</summary>
public static partial class PlanRules
{
    public const int GroupsMost = 64;
    public const int MatchesMost = 256;

    /// <summary>Thresholds per group: all of them may be reached by one command, in one append.</summary>
    public const int ThresholdsMost = 20;

    /// <summary>The highest threshold, in percent: overage passes the limit.</summary>
    public const int ThresholdMost = 1_000;

    /// <summary>The most of any amount in a plan: quota, rollover, allowance and capped overage together still fit 64 bits.</summary>
    public const long AmountMost = 1_000_000_000_000_000_000;

    /// <summary>The longest that a period takes late tracking.</summary>
    public static readonly TimeSpan LateGraceMost = TimeSpan.FromDays(35);

    /// <summary>The first problem of a plan, by the field's path in the request; null = it may be published.</summary>
    public static Refused? Problem(Plan plan, CatalogState catalog, Func<string, bool> isZone) =>
        Problems(plan, catalog, isZone)
            .Select(problem => new Refused(RefusalKind.Invalid, $"plan.{problem.Field}", problem.Message))
            .FirstOrDefault();

    private static IEnumerable<(string Field, string Message)> Problems(Plan plan, CatalogState catalog, Func<string, bool> isZone) =>
        OfHead(plan, isZone)
            .Concat(plan.Groups.Take(GroupsMost).SelectMany((group, i) => In($"groups[{i}]", OfGroup(plan, group, catalog))))
            .Concat(SameLabels(plan))
            .Concat(Overlaps(plan, catalog));

    private static IEnumerable<(string Field, string Message)> In(string field, IEnumerable<(string Field, string Message)> problems) =>
        problems.Select(problem => ($"{field}.{problem.Field}", problem.Message));

    private static IEnumerable<(string Field, string Message)> OfHead(Plan plan, Func<string, bool> isZone)
    {
        if (!Id().IsMatch(plan.Id)) yield return ("id", "1–128 characters of A–Z a–z 0–9 _ . : -");
        if (plan.Period is not (WindowLength.Day or WindowLength.Week or WindowLength.Month or WindowLength.Year))
            yield return ("period", "day, week, month or year");
        if (!Enum.IsDefined(plan.Anchor)) yield return ("anchor", "the calendar or the subscription's start");
        if (!isZone(plan.Zone)) yield return ("zone", $"an IANA time zone; {plan.Zone} is not known");
        if (!Currencies.IsCurrency(plan.Currency)) yield return ("currency", "an ISO 4217 code: three capitals");
        if (!IsAmount(plan.BaseFee)) yield return ("base_fee", AmountRange);
        if (plan.LateGrace < TimeSpan.Zero || plan.LateGrace > LateGraceMost) yield return ("late_grace", "0 to 35 days");
        if (plan.Groups.Count > GroupsMost) yield return ("groups", $"at most {GroupsMost}");
    }

    private static IEnumerable<(string Field, string Message)> OfGroup(Plan plan, LimitGroup group, CatalogState catalog) =>
        OfGroupHead(plan, group).Concat(OfMatches(group, catalog)).Concat(group.Kind == GroupKind.Cap ? OfCap(group) : OfFunding(group))
            .Concat(OfThresholds(group.Thresholds ?? []));

    private static IEnumerable<(string Field, string Message)> OfGroupHead(Plan plan, LimitGroup group)
    {
        if (!Label().IsMatch(group.Label)) yield return ("label", "1–64 characters of A–Z a–z 0–9 _ . -");
        if (!Enum.IsDefined(group.Kind)) yield return ("kind", "funding or cap");
        if (!Unit().IsMatch(group.Unit)) yield return ("unit", "a meter's unit or a currency");
        if (group.IsMoney && group.Unit != plan.Currency) yield return ("unit", $"the plan's currency, {plan.Currency}");
        if (!IsAmount(group.Quota)) yield return ("quota", AmountRange);
        if (!Enum.IsDefined(group.Window)) yield return ("window", "hour, day, week, month, year, lifetime or the billing period");
        if (!Enum.IsDefined(group.Anchor)) yield return ("anchor", "the calendar or the subscription's start");
        if (!IsAmount(group.CommitAllowance)) yield return ("commit_allowance", AmountRange);
    }

    private static IEnumerable<(string Field, string Message)> OfMatches(LimitGroup group, CatalogState catalog)
    {
        if (group.Matches.Count is 0 or > MatchesMost) yield return ("matches", $"1–{MatchesMost}");
        for (var i = 0; i < Math.Min(group.Matches.Count, MatchesMost); i++)
        {
            if (OfMeter(group, group.Matches[i].Meter, catalog) is { } problem) yield return ($"matches[{i}].meter", problem);
            if (AttributeRules.Problem(group.Matches[i].Where) is { } attributes) yield return ($"matches[{i}].attributes", attributes);
        }
    }

    // an exact meter must have the group's unit; a prefix picks those that have it, and must pick one
    private static string? OfMeter(LimitGroup group, string pattern, CatalogState catalog)
    {
        if (!pattern.EndsWith('*'))
            return catalog.Meter(pattern) switch
            {
                null => $"a declared meter; {pattern} is not",
                var meter => group.IsMoney || meter.Unit == group.Unit ? null : $"a meter in {group.Unit}; {pattern} is in {meter.Unit}",
            };
        var match = new Match(pattern, Attributes.None);
        return catalog.Meters.Any(meter => (group.IsMoney || meter.Unit == group.Unit) && match.Covers(meter.Name, Attributes.None))
            ? null
            : $"a pattern of declared meters{(group.IsMoney ? "" : $" in {group.Unit}")}; {pattern} matches none";
    }

    private static IEnumerable<(string Field, string Message)> OfCap(LimitGroup group)
    {
        if (group.RolloverMax != 0) yield return ("rollover_max", "0: only a funding group rolls over");
        if (group.Overage is not null) yield return ("overage", "none: only a funding group has overage");
        if (group.Reporting is not null) yield return ("reporting", "none: only a funding group is reported");
    }

    private static IEnumerable<(string Field, string Message)> OfFunding(LimitGroup group)
    {
        if (!IsAmount(group.RolloverMax)) yield return ("rollover_max", AmountRange);
        if (group.RolloverMax > 0 && group.Window != WindowLength.BillingPeriod)
            yield return ("rollover_max", "0: only a group whose window is the billing period rolls over");
        foreach (var problem in In("overage", OfOverage(group)).Concat(In("reporting", OfReporting(group)))) yield return problem;
    }

    private static IEnumerable<(string Field, string Message)> OfOverage(LimitGroup group)
    {
        if (group.Overage is not { } overage) yield break;
        if (overage.Cap != long.MaxValue && !IsAmount(overage.Cap)) yield return ("cap", AmountRange);
        if (overage.Cap == long.MaxValue && group.CommitAllowance != 0)
            yield return ("cap", "a cap, or no commit_allowance: without a limit there is none to pass");
        if (!Enum.IsDefined(overage.Mode)) yield return ("mode", "graduated or volume");
        if (Tiers.Problem(overage.Tiers) is { } problem) yield return SplitField(problem);
    }

    private static (string Field, string Message) SplitField(string problem) =>
        problem.Split(' ', 2) is [var field, var message]
            ? (field.Replace("flat_nanos", "flat"), message.Replace("must be ", ""))
            : ("tiers", problem);

    private static IEnumerable<(string Field, string Message)> OfReporting(LimitGroup group)
    {
        if (group.Reporting is not { } reporting) yield break;
        if (reporting.StripeMeter.Length is 0 or > 100) yield return ("stripe_meter", "1–100 characters");
        if (reporting.Scale < 1) yield return ("scale", "1 or more");
        if (!Enum.IsDefined(reporting.What)) yield return ("what", "usage, overage or charge");
        if (reporting.What != Reports.Usage && group.Overage is null) yield return ("what", "usage: the group has no overage to report");
    }

    private static IEnumerable<(string Field, string Message)> OfThresholds(Items<int> percents)
    {
        if (percents.Count > ThresholdsMost) yield return ("thresholds", $"at most {ThresholdsMost}");
        for (var i = 0; i < percents.Count; i++)
            if (percents[i] is < 1 or > ThresholdMost) yield return ($"thresholds[{i}]", $"1 to {ThresholdMost} percent");
            else if (i > 0 && percents[i] <= percents[i - 1])
                yield return ($"thresholds[{i}]", $"more than {percents[i - 1]}: they rise, each once");
    }

    private static IEnumerable<(string Field, string Message)> SameLabels(Plan plan)
    {
        var labels = new HashSet<string>();
        for (var i = 0; i < plan.Groups.Count; i++)
            if (!labels.Add(plan.Groups[i].Label))
                yield return ($"groups[{i}].label", $"a label of its own; {plan.Groups[i].Label} occurs twice");
    }

    // rule 2: at most one funding group may match any meter and attributes
    private static IEnumerable<(string Field, string Message)> Overlaps(Plan plan, CatalogState catalog)
    {
        for (var i = 0; i < plan.Groups.Count; i++)
            for (var j = 0; j < i; j++)
                if (plan.Groups[i].Kind == GroupKind.Funding && plan.Groups[j].Kind == GroupKind.Funding &&
                    Overlap.Of(plan.Groups[j], plan.Groups[i], catalog.Meter) is { } both)
                    yield return ($"groups[{i}].matches", TwoPay(plan.Groups[j], plan.Groups[i], both));
    }

    private static string TwoPay(LimitGroup one, LimitGroup other, string both) =>
        $"at most one funding group for any line; {one.Label} and {other.Label} could both pay for {both}";

    private const string AmountRange = "0 to 10¹⁸";

    private static bool IsAmount(long value) => value is >= 0 and <= AmountMost;

    [GeneratedRegex(@"\A[A-Za-z0-9_.:\-]{1,128}\z")]
    private static partial Regex Id();

    [GeneratedRegex(@"\A[A-Za-z0-9_.\-]{1,64}\z")]
    private static partial Regex Label();

    [GeneratedRegex(@"\A([a-z0-9_.\-]{1,128}|[A-Z]{3})\z")]
    private static partial Regex Unit();
}
