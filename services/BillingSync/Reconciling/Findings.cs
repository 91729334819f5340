using Metering.BillingSync.Reports;

namespace Metering.BillingSync.Reconciling;

/// <summary>
/// Tells from Stripe's sum which of the reports in it are there: the fewest that explain what is short are not, those in doubt or young
/// first. The sum of a customer is right whichever of equal ones that is.
/// </summary>
/// <param name="trusted">What was settled after this need not show yet.</param>
public sealed class Findings(DateTimeOffset trusted)
{
    /// <summary>Sets of more reports than this within one minute are not tried: 2 to that power are.</summary>
    private const int CandidatesMost = 16;

    private readonly List<ReportRow> present = [];
    private readonly List<ReportRow> missing = [];
    private readonly List<Difference> differences = [];

    /// <summary>Found to be there.</summary>
    public IReadOnlyList<ReportRow> Present => present;

    /// <summary>Found not to be there, and Stripe has less for it: a higher sum of Stripe's is never corrected unasked.</summary>
    public IReadOnlyList<ReportRow> Missing => missing;

    /// <summary>What was expected of Stripe and is not so.</summary>
    public IReadOnlyList<Difference> Differences => differences;

    /// <summary>True if something can be recorded only once a second look agrees.</summary>
    public bool AreDoubtful => differences.Count > 0 && Undecided.Any();

    /// <summary>Reports that it decides on.</summary>
    public IEnumerable<ReportRow> Undecided => present.Concat(missing).Where(report => report.IsUndecided);

    /// <summary>All of it is there.</summary>
    public void Agree(IEnumerable<ReportRow> expected) => present.AddRange(expected);

    /// <param name="expected">What Stripe's sum is to contain.</param>
    /// <param name="uncounted">What counts as refused or missing.</param>
    public void Fit(IReadOnlyList<ReportRow> expected, IReadOnlyList<ReportRow> uncounted, decimal sum)
    {
        var shortage = expected.Sum(report => report.Value) - sum;
        if (Absent(expected, shortage) is { } absent) Miss(expected, absent, isShort: shortage > 0);
        else if (Smallest(uncounted, -shortage) is { } returned) Return(expected, returned);
        else differences.Add(new Difference(shortage < 0 ? Cause.SentElsewhere : Cause.Unexplained, shortage, []));
    }

    /// <summary>
    /// Equal, as far as a number with 53 bits can tell: Stripe's sums are JSON numbers, and may have been rounded on the way.
    /// </summary>
    public static bool AreSame(decimal ours, decimal stripes) => Math.Abs(ours - stripes) <= Math.Abs(ours) / (1L << 53);

    private void Miss(IReadOnlyList<ReportRow> expected, List<ReportRow> absent, bool isShort)
    {
        present.AddRange(expected.Except(absent));
        if (isShort) missing.AddRange(absent.Where(report => report.IsUndecided && !IsYoung(report)));
        foreach (var byCause in absent.GroupBy(CauseOf)) differences.Add(Difference.Of(byCause.Key, [.. byCause]));
    }

    private void Return(IReadOnlyList<ReportRow> expected, List<ReportRow> returned)
    {
        present.AddRange(expected);
        differences.Add(Difference.Of(Cause.Returned, returned) with { Value = -returned.Sum(report => report.Value) });
    }

    private List<ReportRow>? Absent(IReadOnlyList<ReportRow> expected, decimal shortage)
    {
        Func<ReportRow, bool>[] likely =
        [
            IsYoung, report => IsYoung(report) || report.Status == ReportStatus.Doubted, report => report.IsUndecided, _ => true,
        ];
        return likely.Select(isLikely => Smallest([.. expected.Where(isLikely)], shortage)).FirstOrDefault(found => found is not null);
    }

    private Cause CauseOf(ReportRow report) =>
        IsYoung(report) ? Cause.NotYetVisible : report.Status == ReportStatus.Doubted ? Cause.Doubted : Cause.Lost;

    private bool IsYoung(ReportRow report) => report.IsUndecided && report.Since > trusted;

    /// <summary>The fewest reports that sum to a value; none: no set of them does.</summary>
    private static List<ReportRow>? Smallest(IReadOnlyList<ReportRow> candidates, decimal value)
    {
        if (candidates.Count is 0 or > CandidatesMost) return null;
        var sums = new decimal[1 << candidates.Count];
        var best = 0;
        for (var set = 1; set < sums.Length; set++)
        {
            var first = System.Numerics.BitOperations.TrailingZeroCount(set);
            sums[set] = sums[set & (set - 1)] + candidates[first].Value;
            if (sums[set] == value && (best == 0 || int.PopCount(set) < int.PopCount(best))) best = set;
        }
        return best == 0 ? null : [.. candidates.Where((_, i) => (best >> i & 1) == 1)];
    }
}
