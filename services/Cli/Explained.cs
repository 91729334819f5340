using Metering.V1;

namespace Metering.Cli;

/// <summary>What the explanations of a report and of a line have in common.</summary>
internal static class Explained
{
    public static void ShowTotals(Screen screen, BilledLine billed)
    {
        var line = billed.Line;
        screen.Say(
            $"period {line.Period}, {Words.Time(billed.Start)} to {Words.Time(billed.End)}, {(billed.ClosedNow ? "closed" : "not closed")}, "
            + $"group {line.Group}, as of revision {billed.LedgerRevision} of the ledger");
        foreach (var total in billed.Totals)
            screen.Say(
                $"{Words.Name(total.What)} {Words.Count(total.Total)} / {Words.Count(total.Scale)} "
                + $"= {Words.Count(total.Value)}, rounded down");
    }

    public static string Target(ReportLine line) =>
        $"target {Words.Count(line.Value)} + {Words.Count(line.CarriedIn)} carried in - {Words.Count(line.CarriedOut)} carried out "
        + $"= {Words.Count(line.Target)}";

    /// <summary>What the sums of events do not show: what came from other periods, or went there.</summary>
    public static void ShowCarries(Screen screen, BilledLine billed) => screen.Table(
        [Column.Number("carried"), Column.Number("from period"), Column.Number("to period"), "why", "at"],
        billed.Carries.Select(one => new[]
        {
            Words.Count(one.Value), $"{one.FromPeriod}", $"{one.ToPeriod}", Words.Term(one.Reason), Words.Time(one.At),
        }));

    public static void ShowEvents(Screen screen, List<BilledEvent> events)
    {
        screen.Table(
            [Column.Number("revision"), "at", "type", "reservation", Column.Number("amount")],
            events.Select(one => new[] { $"{one.Revision}", Words.Time(one.At), one.Type, one.ReservationId, Words.Count(one.Amount) }));
        screen.Say($"{Words.Count(events.Count)} events, {Words.Count(events.Sum(one => one.Amount))} in sum");
    }
}
