using Metering.BillingSync.Reports;

namespace Metering.BillingSync.Explaining;

/// <summary>A line as of one moment: the totals that were taken last, and what was reported of it before.</summary>
/// <param name="Taken">The period's totals as they were taken over; <see cref="Totals"/> are the line's.</param>
/// <param name="Balance">How the line stood before the report.</param>
/// <param name="Report">What is explained; none: the line itself.</param>
/// <param name="Reports">The line's reports by now.</param>
/// <param name="Carries">What had been carried into the line or out of it.</param>
public sealed record LineStory(
    string User, TotalsTaken Taken, LineBalance Balance, Report? Report, IReadOnlyList<Report> Reports,
    IReadOnlyList<CarriedForward> Carries)
{
    public LineKey Line => Balance.Line;

    public IReadOnlyList<LineTotal> Totals { get; } =
        [.. Taken.Lines.Where(total => total.Group == Balance.Line.Group && total.StripeMeter == Balance.Line.StripeMeter)];

    /// <summary>The period is closed by now, whatever it was when this was reported.</summary>
    public bool IsClosedNow { get; init; } = Taken.Closed;

    /// <summary>Of the difference that was planned, what other reports carry: one has at most 15 digits.</summary>
    public long Rest => Report is null ? 0 : Balance.Rest - Report.Value;
}

/// <summary>An event of the ledger and what it adds to one of a line's totals.</summary>
/// <param name="Total">Which, counted from 0.</param>
public readonly record struct LedgerPart(long Revision, string Type, DateTimeOffset At, Guid? Reservation, long Amount, int Total);
