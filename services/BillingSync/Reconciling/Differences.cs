namespace Metering.BillingSync.Reconciling;

/// <summary>Takes the difference between the ledger and Stripe apart: the parts sum to it exactly.</summary>
internal static class Differences
{
    /// <summary>Where Stripe's sum was not asked for: what is expected of it is taken to be there.</summary>
    public static List<Difference> Of(BilledWindow window) => [.. Known(window), .. Unsent(window)];

    /// <summary>Where it was, and nothing was under way.</summary>
    public static List<Difference> Of(BilledWindow window, Findings findings) => [.. Of(window), .. findings.Differences];

    /// <summary>Where something is under way, Stripe's sum may have it or not: nothing else can be told from it.</summary>
    public static List<Difference> InFlight(BilledWindow window, decimal sum) =>
        [.. Known(window), .. Part(Difference.Of(Cause.InFlight, [.. Unsettled(window)]) with { Value = window.Reported - sum })];

    /// <summary>From the ledger to what counts as reported.</summary>
    private static IEnumerable<Difference> Known(BilledWindow window)
    {
        var lines = window.Lines;
        var carried = lines.Sum(line => line.Balance.Value - line.Balance.Target + line.BelowZero);
        var elsewhere = lines.Sum(line => line.Balance.Reported) - window.Reported;
        if (carried != 0) yield return new(Cause.CarriedForward, carried, []);
        if (elsewhere != 0) yield return new(Cause.OtherWindow, elsewhere, []);
        foreach (var rest in lines.Where(line => line.Rest != 0).GroupBy(line => line.RestCause))
            yield return new(rest.Key, rest.Sum(line => line.Rest), [.. rest.SelectMany(line => line.Uncounted)]);
    }

    /// <summary>From what counts as reported to what Stripe is expected to have.</summary>
    private static IEnumerable<Difference> Unsent(BilledWindow window) =>
        Part(Difference.Of(window.Customer is null ? Cause.Unlinked : Cause.InFlight, [.. Unsettled(window)]));

    private static IEnumerable<ReportRow> Unsettled(BilledWindow window) =>
        window.Reports.Where(report => report.Counts && !report.IsExpected);

    private static IEnumerable<Difference> Part(Difference part) => part.Value == 0 ? [] : [part];
}
