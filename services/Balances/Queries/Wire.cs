using System.Text;
using Google.Protobuf.WellKnownTypes;
using Metering.Balances.ReadModels;
using Metering.Kernel.Deciding;
using Metering.Kernel.Streams;
using Metering.Ledger.Accounts;
using Metering.Ledger.Catalog;
using Metering.Ledger.Stored;
using V1 = Metering.V1;

namespace Metering.Balances.Queries;

/// <summary>What the ledger says, as metering.v1 has it.</summary>
internal static class Wire
{
    public static V1.Usage Of(string user, Usage usage)
    {
        var reply = new V1.Usage
        {
            User = user, At = Of(usage.At), Revision = usage.Revision, PlanVersion = usage.PlanVersion, Suspended = usage.Suspended,
            Period = usage.Period is { } period ? Of(period) : null, OpenHolds = usage.OpenHolds,
        };
        if (usage.Plan is { } plan) reply.PlanId = plan;
        reply.Groups.AddRange(usage.Groups.Select(Of));
        reply.Grants.AddRange(InOrderOfDraw(usage).Select(Of));
        return reply;
    }

    public static V1.Event Of(StoredEvent stored) => new()
    {
        Revision = stored.Revision, EventId = stored.Id.ToString(), Type = stored.Type, At = Of(LedgerEvents.Decode(stored.Type, stored.Data.Span).At),
        Json = Encoding.UTF8.GetString(stored.Data.Span), MetadataJson = Encoding.UTF8.GetString(stored.Metadata.Span),
    };

    public static V1.PeriodDocument Of(BillingPeriod period)
    {
        var reply = new V1.PeriodDocument
        {
            User = period.User, Period = Of(period.Period), Revision = period.Revision,
            State = period.Stage == PeriodStage.Closed ? V1.PeriodState.Closed : V1.PeriodState.Ended,
            EndedAt = period.EndedAt is { } ended ? Of(ended) : null, ClosedAt = period.ClosedAt is { } closed ? Of(closed) : null,
        };
        if (period.StripeCustomer is { } customer) reply.StripeCustomer = customer;
        reply.Groups.AddRange(period.Groups.Select(Of));
        reply.Meters.AddRange(period.Meters.Select(total => new V1.MeterTotal { Meter = total.Meter, Quantity = total.Quantity, Overrun = total.Overrun }));
        return reply;
    }

    public static V1.GrantUsage Of(Grant grant) =>
        Of(new GrantUsage(grant.Id, grant.Unit, grant.Amount, grant.Used, grant.Held, grant.Expired, grant.Priority, grant.ExpiresAt, grant.Source));

    public static V1.VerifyReply Of(ChainReport report)
    {
        var reply = new V1.VerifyReply { Events = report.Events };
        if (report.Head is { } head) reply.Hash = head;
        if (report.Break is { } broken)
            reply.Break = new()
            {
                Revision = broken.Revision, Fault = (V1.ChainFault)(broken.Fault + 1), Found = broken.Found is { } found ? AsFound(found) : null,
            };
        return reply;
    }

    /// <summary>An event that may have been tampered with: it need not be one of ours any more.</summary>
    private static V1.Event AsFound(StoredEvent stored) => new()
    {
        Revision = stored.Revision, EventId = stored.Id.ToString(), Type = stored.Type, Json = Encoding.UTF8.GetString(stored.Data.Span),
        MetadataJson = Encoding.UTF8.GetString(stored.Metadata.Span),
    };

    public static Timestamp Of(DateTimeOffset at) => Timestamp.FromDateTimeOffset(at);

    private static V1.Period Of(Period period) => new() { Number = period.Number, Start = Of(period.Start), End = Of(period.End) };

    private static V1.GroupUsage Of(GroupUsage group)
    {
        var reply = new V1.GroupUsage
        {
            Group = group.Group, Unit = group.Unit, Kind = Of(group.Kind), WindowStart = Of(group.Start), WindowEnd = OfEnd(group.End),
            Quota = group.Quota, Rollover = group.Rollover, Used = group.Used, Held = group.Held, Overage = group.Overage,
            Available = group.Available, Charge = group.Charge,
        };
        if (group.OverageCap != long.MaxValue) reply.OverageCap = group.OverageCap;
        return reply;
    }

    /// <summary>Those with something left, in the order in which they are drawn; ids are dated, so the oldest has the least.</summary>
    private static IEnumerable<GrantUsage> InOrderOfDraw(Usage usage) => usage.Grants
        .Where(grant => grant.Amount - grant.Used - grant.Expired > 0)
        .OrderBy(grant => grant.Priority).ThenBy(grant => grant.ExpiresAt ?? DateTimeOffset.MaxValue).ThenBy(grant => grant.Grant);

    private static V1.GrantUsage Of(GrantUsage grant) => new()
    {
        GrantId = grant.Grant.ToString(), Unit = grant.Unit, Amount = grant.Amount, Used = grant.Used, Held = grant.Held, Expired = grant.Expired,
        Priority = grant.Priority, ExpiresAt = grant.ExpiresAt is { } at ? Of(at) : null, Source = grant.Source,
    };

    private static V1.GroupTotal Of(GroupTotal total)
    {
        var reply = Sums(total);
        (reply.Since, reply.AdjustedCharge) = (total.Since, total.AdjustedCharge);
        foreach (var window in total.Windows ?? [])
            reply.Windows.Add(new V1.WindowOverage { WindowStart = Of(window.Start), Overage = window.Overage, Before = window.Before });
        return reply;
    }

    private static V1.GroupTotal Sums(GroupTotal total) => new()
    {
        Group = total.Group, Unit = total.Unit, Kind = Of(total.Kind), Rollover = total.Rollover, Quota = total.Quota, Credit = total.Credit,
        Overage = total.Overage, Charge = total.Charge, AdjustedUsage = total.AdjustedUsage, AdjustedOverage = total.AdjustedOverage,
        RolledOver = total.RolledOver, Reporting = total.Reporting is { } reporting ? Of(reporting) : null,
    };

    private static V1.Reporting Of(Reporting reporting) => new()
    {
        StripeMeter = reporting.StripeMeter, Scale = reporting.Scale, What = reporting.What switch
        {
            Reports.Usage => V1.ReportedTotal.Usage,
            Reports.Overage => V1.ReportedTotal.Overage,
            Reports.Charge => V1.ReportedTotal.Charge,
            _ => throw new ArgumentOutOfRangeException(nameof(reporting)),
        },
    };

    public static V1.GroupKind Of(GroupKind kind) => kind == GroupKind.Funding ? V1.GroupKind.Funding : V1.GroupKind.Cap;

    /// <summary>A lifetime's end is none.</summary>
    public static Timestamp? OfEnd(DateTimeOffset end) => end == DateTimeOffset.MaxValue ? null : Of(end);
}
