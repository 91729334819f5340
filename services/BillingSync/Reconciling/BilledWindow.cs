using Metering.BillingSync.Reports;

namespace Metering.BillingSync.Reconciling;

/// <summary>A report as it stands when it is compared.</summary>
/// <param name="Since">When its status last changed.</param>
public sealed record ReportRow(
    string User, string Identifier, LineKey Line, long Value, DateTimeOffset Timestamp, ReportStatus Status, DateTimeOffset Since)
{
    /// <summary>As <see cref="Report.Counts"/>.</summary>
    public bool Counts => Status is not (ReportStatus.Rejected or ReportStatus.Missing or ReportStatus.OutOfWindow);

    /// <summary>Stripe may be about to take it.</summary>
    public bool IsInFlight => Status is ReportStatus.Planned or ReportStatus.Sent;

    /// <summary>Stripe took it or may have, and nothing has decided yet whether it is there.</summary>
    public bool IsUndecided => Status is ReportStatus.Accepted or ReportStatus.Doubted;

    /// <summary>What Stripe's sum is to contain; in doubt, until it is found not to be there.</summary>
    public bool IsExpected => IsUndecided || Status == ReportStatus.Confirmed;
}

/// <summary>A line as it stands when it is compared.</summary>
/// <param name="Timestamp">When its period's last report counts.</param>
/// <param name="RestCause">Why its target is not what is reported; meaningless where it is.</param>
/// <param name="IsFinal">Nothing more is billed in its period.</param>
/// <param name="Uncounted">Reports of it that do not count.</param>
public sealed record LineRow(
    string User, LineBalance Balance, DateTimeOffset Timestamp, Cause RestCause, bool IsFinal, IReadOnlyList<string> Uncounted)
{
    /// <summary>By how much Stripe's sum stays below 0 for good: that is billed as 0, and nobody has to do anything.</summary>
    public long BelowZero => IsFinal ? Balance.Billed - Balance.Reported : 0;

    /// <summary>What is still to be planned or carried.</summary>
    public long Rest => Balance.Rest - BelowZero;
}

/// <summary>What is compared by one read: all that was reported of one customer on one Stripe meter within whole minutes.</summary>
/// <param name="Customer">None: unlinked, Stripe cannot be asked.</param>
public sealed record BilledWindow(
    string? Customer, string StripeMeter, DateTimeOffset From, DateTimeOffset To, IReadOnlyList<LineRow> Lines,
    IReadOnlyList<ReportRow> Reports)
{
    public IEnumerable<string> Users => Lines.Select(line => line.User).Concat(Reports.Select(report => report.User)).Distinct();

    /// <summary>What the ledgers say.</summary>
    public long Ledger => Lines.Sum(line => line.Balance.Value);

    /// <summary>What counts as reported.</summary>
    public long Reported => Reports.Where(report => report.Counts).Sum(report => report.Value);

    public IEnumerable<ReportRow> Expected => Reports.Where(report => report.IsExpected);

    /// <summary>True if something in it is still to be decided by Stripe's sum.</summary>
    public bool IsUndecided => Customer is not null && Reports.Any(report => report.IsUndecided);

    /// <summary>True if nothing is left to be done or decided.</summary>
    public bool IsSettled =>
        Reports.All(report => report.Status == ReportStatus.Confirmed || !report.Counts) && Lines.All(line => line.Rest == 0);

    /// <summary>True if a report has not been settled for so long that Stripe's sum must show it.</summary>
    public bool Moves(DateTimeOffset trusted) => Reports.Any(report => report.IsInFlight || (report.IsUndecided && report.Since > trusted));

    /// <summary>True if the other is the same window with the same reports in the same states.</summary>
    public bool IsAs(BilledWindow other) => (Customer, StripeMeter, From, To) == (other.Customer, other.StripeMeter, other.From, other.To)
        && States.SequenceEqual(other.States);

    private IEnumerable<(string, ReportStatus)> States => Reports.Select(report => (report.Identifier, report.Status));

    /// <summary>True if a user, or a period, or a user's period, is part of it.</summary>
    public bool Concerns(string? user, int? period) =>
        Lines.Any(line => (user ?? line.User) == line.User && (period ?? line.Balance.Line.Period) == line.Balance.Line.Period)
        || Reports.Any(report => (user ?? report.User) == report.User && (period ?? report.Line.Period) == report.Line.Period);
}
