using Google.Protobuf.WellKnownTypes;
using Metering.BillingSync.Explaining;
using Metering.BillingSync.ReadModels;
using Metering.BillingSync.Reports;
using Metering.BillingSync.Resyncing;
using Metering.V1;
using CarryReason = Metering.BillingSync.Reports.CarryReason;
using Report = Metering.BillingSync.Reports.Report;

namespace Metering.BillingSync.Ops;

/// <summary>Reports and lines as the contract has them.</summary>
internal static class BillingWire
{
    public static V1.Report Of(BilledReport report) => Of(report.User, report.Planned, report.Standing);

    private static V1.Report Of(string user, Report report) => Of(user, report.Planned, report.Standing);

    private static V1.Report Of(string user, ReportPlanned planned, ReportStanding standing)
    {
        var message = new V1.Report
        {
            Identifier = planned.Identifier, User = user, Period = planned.Period, Group = planned.Group, StripeMeter = planned.EventName,
            Value = Report.ValueOf(planned), Timestamp = planned.Timestamp.ToTimestamp(), State = Of(standing.Status),
            Attempts = standing.Attempts, PlannedAt = planned.At.ToTimestamp(), UpdatedAt = standing.UpdatedAt.ToTimestamp(),
        };
        if (standing.StripeCustomer is { } customer) message.StripeCustomer = customer;
        if (standing.Code is { } code) message.ErrorCode = code;
        if (standing.Message is { } text) message.ErrorMessage = text;
        return message;
    }

    public static ReportState Of(ReportStatus status) => status switch
    {
        ReportStatus.Unlinked => ReportState.Unlinked,
        ReportStatus.Planned => ReportState.Planned,
        ReportStatus.Sent => ReportState.Sent,
        ReportStatus.Accepted => ReportState.Accepted,
        ReportStatus.Rejected => ReportState.Rejected,
        ReportStatus.Doubted => ReportState.Ambiguous,
        ReportStatus.OutOfWindow => ReportState.OutOfWindow,
        ReportStatus.Missing => ReportState.Missing,
        ReportStatus.Confirmed => ReportState.Confirmed,
        _ => throw new InvalidOperationException($"{status} has no name outside"),
    };

    public static StripeMeterTotal Of(BilledMeter meter) => new()
    {
        StripeMeter = meter.Id, Reports = meter.Reports, Reported = meter.Reported, Accepted = meter.Accepted, Unlinked = meter.Unlinked,
        Rejected = meter.Rejected, Missing = meter.Missing, OutOfWindow = meter.OutOfWindow,
    };

    public static ReportLine Of(string user, LineStanding line) => Of(user, line.Balance, line.Waits);

    public static ReportLine Of(string user, LineBalance line, CarryReason? waits = null) => new()
    {
        User = user, Period = line.Line.Period, Group = line.Line.Group, StripeMeter = line.Line.StripeMeter, Value = line.Value,
        CarriedIn = line.CarriedIn, CarriedOut = line.CarriedOut, Target = line.Target, Reported = line.Reported,
        Waits = waits is { } reason ? Of(reason) : V1.CarryReason.Unspecified,
    };

    public static ResyncedUser Of(Resynced done)
    {
        var reply = new ResyncedUser { User = done.User, Linked = done.Linked };
        foreach (var line in done.Lines)
            if (Of(done, line) is { } changed) reply.Lines.Add(changed);
        return reply;
    }

    public static BilledLine Of(LineStory story)
    {
        var reply = new BilledLine
        {
            Line = Of(story.User, story.Balance), Rest = story.Rest, Start = story.Taken.Start.ToTimestamp(),
            End = (story.Taken.SliceEnd ?? story.Taken.End).ToTimestamp(), Closed = story.Taken.Closed,
            LedgerRevision = story.Taken.LedgerRevision, ClosedNow = story.IsClosedNow,
        };
        if (story.Report is { } report) reply.Report = Of(story.User, report);
        reply.Totals.AddRange(story.Totals.Select(Of));
        reply.Reports.AddRange(story.Reports.Select(other => Of(story.User, other)));
        reply.Carries.AddRange(story.Carries.Select(Of));
        return reply;
    }

    public static BilledEvent Of(LedgerPart part)
    {
        var reply = new BilledEvent
        {
            Revision = part.Revision, Type = part.Type, At = part.At.ToTimestamp(), Amount = part.Amount, Total = part.Total,
        };
        if (part.Reservation is { } reservation) reply.ReservationId = reservation.ToString();
        return reply;
    }

    /// <summary>None for a line that is as it was and waits for nothing.</summary>
    private static ResyncedLine? Of(Resynced done, LineStanding line)
    {
        var planned = done.Events.OfType<ReportPlanned>().Where(one => IsOf(line, one.Period, one.Group, one.EventName)).ToList();
        var carried = done.Events.OfType<CarriedForward>().Where(one => IsOf(line, one.FromPeriod, one.Group, one.StripeMeter)).ToList();
        if (planned.Count == 0 && carried.Count == 0 && line.Waits is null) return null;
        var reply = new ResyncedLine
        {
            Line = Of(done.User, line), Planned = planned.Sum(Report.ValueOf), Carried = carried.Sum(one => one.Value),
            CarriedTo = carried.LastOrDefault()?.ToPeriod ?? 0,
        };
        reply.Identifiers.AddRange(planned.Select(one => one.Identifier));
        return reply;
    }

    private static bool IsOf(LineStanding line, int period, string group, string stripeMeter) =>
        line.Balance.Line == new LineKey(period, group, stripeMeter);

    private static BilledTotal Of(LineTotal total) => new()
    {
        What = total.What switch
        {
            "usage" => ReportedTotal.Usage,
            "overage" => ReportedTotal.Overage,
            "charge" => ReportedTotal.Charge,
            _ => ReportedTotal.Unspecified,
        },
        Scale = total.Scale, Total = total.Total, Value = total.Target,
    };

    private static Carry Of(CarriedForward carry) => new()
    {
        FromPeriod = carry.FromPeriod, ToPeriod = carry.ToPeriod, Value = carry.Value, Reason = Of(carry.Reason),
        At = carry.At.ToTimestamp(),
    };

    private static V1.CarryReason Of(CarryReason reason) => reason switch
    {
        CarryReason.OutOfWindow => V1.CarryReason.OutOfWindow,
        CarryReason.InvoiceFinal => V1.CarryReason.InvoiceFinal,
        CarryReason.BelowZero => V1.CarryReason.BelowZero,
        _ => throw new InvalidOperationException($"{reason} has no name outside"),
    };
}
