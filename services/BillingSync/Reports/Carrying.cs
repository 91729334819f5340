namespace Metering.BillingSync.Reports;

/// <summary>
/// What Stripe can no longer bill moves, by a fact of its own, to a period that it can: usage out of Stripe's window, what came after the
/// invoice was final, and what a closed period comes to below 0. A finalized invoice is never pretended to change. Refunds of closed
/// periods are not carried here: the ledger has them as adjustments of the open period, so that the closed one never differs by them (rule
/// 11).
/// </summary>
public static class Carrying
{
    public static List<BillingEvent> Decide(BillingState state, BillingPolicy policy, CarryForward command, DateTimeOffset at)
    {
        var events = new List<BillingEvent>();
        // nothing is carried to where it could not be billed either: it waits, listed
        if (policy.TooLate(UsageWindow.TimestampOf(command.To.Start, command.To.End), command.To.End, at) is not null) return events;
        foreach (var taken in state.Taken.Where(taken => taken.Period < command.To.Number))
            if ((command.From ?? taken.Period) == taken.Period)
                events.AddRange(state.LinesOf(taken.Period).SelectMany(line => Move(state, policy, line, command.To.Number, at)));
        return events;
    }

    private static IEnumerable<CarriedForward> Move(BillingState state, BillingPolicy policy, LineBalance line, int to, DateTimeOffset at)
    {
        if (Due(state.TakenOf(line.Line.Period), policy, line, at) is not { } due) yield break;
        yield return new(at, line.Line.Period, to, line.Line.Group, line.Line.StripeMeter, due.Value, due.Reason);
    }

    /// <summary>
    /// What of a line has to move, and why; none: nothing has to. Of an invoice that is final counts what is billed on it, which is never below 0.
    /// </summary>
    /// <param name="taken">What was taken last of the line's period; none if nothing was.</param>
    public static (long Value, CarryReason Reason)? Due(TotalsTaken? taken, BillingPolicy policy, LineBalance line, DateTimeOffset at)
    {
        if (taken is null) return null;
        if (policy.TooLate(Planning.TimestampOf(taken), taken.End, at) is { } reason)
            return line.Net == line.Billed ? null : (line.Net - line.Billed, reason);
        return taken.Closed && line.Net < 0 ? (line.Net, CarryReason.BelowZero) : null;
    }

    /// <summary>How every line stands, in order.</summary>
    public static IReadOnlyList<LineStanding> Survey(BillingState state, BillingPolicy policy, DateTimeOffset at) =>
        [.. state.Lines.Select(line => StandingOf(state.TakenOf(line.Line.Period), policy, line, at))];

    /// <summary>How a line stands.</summary>
    /// <inheritdoc cref="Due" path="/param"/>
    public static LineStanding StandingOf(TotalsTaken? taken, BillingPolicy policy, LineBalance line, DateTimeOffset at) => new(
        line, Due(taken, policy, line, at)?.Reason,
        IsFinal: taken is not null && policy.TooLate(Planning.TimestampOf(taken), taken.End, at) is not null);

    /// <summary>Reports that wait for a customer and would come too late by now: what they are worth is to be carried.</summary>
    /// <param name="period">Of this period only; none: of every one.</param>
    public static IEnumerable<BillingEvent> Late(BillingState state, BillingPolicy policy, int? period, DateTimeOffset at) => state.Reports
        .Where(report => (period ?? report.Line.Period) == report.Line.Period)
        .Where(report => report.Status == ReportStatus.Unlinked && state.TooLate(policy, report, at) is not null)
        .Select(report => new ReportMissedWindow(at, report.Identifier));
}
