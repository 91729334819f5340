using Google.Protobuf.Collections;
using Metering.Balances.Queries;
using Metering.Ledger;
using Metering.Ledger.Accounts;
using V1 = Metering.V1;

namespace Metering.Balances.Explaining;

/// <summary>Explanations, as metering.v1 has them.</summary>
internal static class ExplainedWire
{
    public static V1.ExplainChargeReply Of(Charge charge, DateTimeOffset now)
    {
        var reply = new V1.ExplainChargeReply
        {
            ReservationId = charge.Reservation.ToString(), State = (V1.ChargeState)(charge.StageAt(now) + 1), PlanVersion = charge.Plan?.Version ?? 0,
            PeriodClosed = charge.IsPeriodClosed, Revision = charge.Revision,
        };
        if (charge.Plan is { } plan) reply.PlanId = plan.Id;
        if (charge.Period is { } period) reply.Period = period;
        if (charge.Parent is { } parent) reply.ParentId = parent.ToString();
        reply.Steps.AddRange(charge.Steps.Select(step => Step(step.Revision, step.Happened)).Concat(charge.Later.Select(Step)));
        reply.Lines.AddRange(charge.Lines.GroupBy(line => (line.Meter, line.Attributes)).Select(same => Line(charge, same.Key.Meter, same.Key.Attributes, same)));
        reply.Groups.AddRange(charge.Groups.Select(group => Group(charge, group)));
        reply.Credits.AddRange(charge.Grants.Select(Wire.Of));
        return reply;
    }

    public static V1.ExplainDenialReply Of(Explained explained)
    {
        var reply = new V1.ExplainDenialReply { Allowed = explained.Verdict is Allowed, PlanVersion = explained.Plan?.Version ?? 0 };
        if (explained.Plan is { } plan) reply.PlanId = plan.Id;
        if (explained.Verdict is Denied denied) reply.Denial = Of(denied);
        reply.Lines.AddRange(explained.Lines.Select(line => new V1.ExplainedLine { Line = Of(line.Line), Groups = { line.Groups }, Unpriced = !line.Priced }));
        reply.Groups.AddRange(explained.Groups.Select(Of));
        return reply;
    }

    private static V1.Denial Of(Denied denied)
    {
        var reply = new V1.Denial
        {
            Reason = (V1.DenialReason)(denied.Reason + 1), Needed = denied.Needed, Quota = denied.Quota, Used = denied.Used, Held = denied.Held,
            Remaining = denied.Remaining, ResetsAt = denied.ResetsAt is { } at ? Wire.Of(at) : null, At = Wire.Of(denied.At), Revision = denied.Revision,
        };
        if (denied.Group is { } group) reply.Group = group;
        if (denied.Meter is { } meter) reply.Meter = meter;
        return reply;
    }

    private static V1.ExplainedGroup Of(ExplainedGroup group)
    {
        var reply = new V1.ExplainedGroup
        {
            Group = group.Group, Unit = group.Unit, Kind = Wire.Of(group.Kind), WindowStart = Wire.Of(group.Start), WindowEnd = Wire.OfEnd(group.End),
            Quota = group.Limit, Customized = group.OwnLimit, Rollover = group.Rollover, Used = group.Used, Held = group.Held, Credits = group.Credits,
            Overage = group.Overage, Available = group.Available, Needed = group.Needed, Fits = group.Fits,
        };
        if (group.OverageCap != long.MaxValue) reply.OverageCap = group.OverageCap;
        return reply;
    }

    private static V1.ChargeStep Step(long revision, LedgerEvent happened)
    {
        var step = Bare(revision, happened);
        switch (happened)
        {
            case Reserved e: Fill(step, V1.ChargeStepKind.Reserved, e.Lines, e.Draws).Deadline = Wire.Of(e.Deadline); break;
            case HoldExtended e: Fill(step, V1.ChargeStepKind.Extended, e.Lines, e.Draws).Deadline = Wire.Of(e.Deadline); break;
            case Committed e: Fill(step, V1.ChargeStepKind.Committed, e.Lines, e.Draws); break;
            case Refunded e: ToRun(Fill(step, V1.ChargeStepKind.Unused, [], e.Draws), e.ToParent); break;
            case Released e: ToRun(Fill(step, Kind(e.Reason), [], e.Draws), e.ToParent); break;
            case UsageTracked e: Fill(step, e); break;
        }
        return step;
    }

    private static V1.ChargeStep Step(LateStep late)
    {
        var refunded = late.Refunded;
        var step = Fill(Bare(late.Revision, refunded), V1.ChargeStepKind.Refunded, [], refunded.Draws);
        step.Reason = refunded.Reason;
        step.GivenBack.AddRange(refunded.Lines.Select(Line));
        if (refunded.AdjustsPeriod is { } adjusts) step.AdjustsPeriod = adjusts;
        step.Worth.AddRange((refunded.Worth ?? []).Select(Of));
        if (refunded.RestoreUntil is { } until) step.RestoreUntil = Wire.Of(until);
        step.Expired.AddRange(late.Expired.Select(Of));
        return step;
    }

    private static V1.ChargeStep Bare(long revision, LedgerEvent happened)
    {
        var step = new V1.ChargeStep { Revision = revision, At = Wire.Of(happened.At) };
        if (happened.Cause is { } cause) step.CommandId = cause.Command.ToString();
        return step;
    }

    private static V1.ChargeStep Fill(V1.ChargeStep step, V1.ChargeStepKind kind, Items<UsedLine> lines, Items<Draw> draws)
    {
        step.Kind = kind;
        step.Lines.AddRange(lines.Select(Of));
        step.Draws.AddRange(draws.Select(Of));
        return step;
    }

    private static void Fill(V1.ChargeStep step, UsageTracked tracked)
    {
        Fill(step, V1.ChargeStepKind.Tracked, tracked.Lines, tracked.Draws).Unmatched = tracked.Unmatched;
        if (tracked.OccurredAt is { } at) step.OccurredAt = Wire.Of(at);
    }

    private static void ToRun(V1.ChargeStep step, Guid? run)
    {
        if (run is { } id) step.ToRunId = id.ToString();
    }

    private static V1.ChargeStepKind Kind(ReleaseReason reason) =>
        reason == ReleaseReason.Expired ? V1.ChargeStepKind.Expired : V1.ChargeStepKind.Released;

    private static V1.ChargedLine Line(Charge charge, string meter, Attributes attributes, IEnumerable<UsedLine> same)
    {
        var reply = new V1.ChargedLine
        {
            Meter = meter, Quantity = same.Sum(line => line.Quantity), Overrun = same.Sum(line => line.Overrun),
            Refunded = charge.RefundedOf(meter, attributes),
        };
        Fill(reply.Attributes, attributes);
        return reply;
    }

    private static V1.ChargedGroup Group(Charge charge, ChargedGroup group)
    {
        var reply = new V1.ChargedGroup { Group = group.Group, WindowStart = Wire.Of(group.Start), WindowEnd = Wire.OfEnd(group.End) };
        if (charge.Plan?.Group(group.Group) is { } terms) (reply.Unit, reply.Kind) = (terms.Unit, Wire.Of(terms.Kind));
        reply.Parts.AddRange(group.Parts.Select(Of));
        return reply;
    }

    private static V1.ChargedPart Of(ChargedPart part)
    {
        var reply = new V1.ChargedPart
        {
            Bucket = (V1.Bucket)(part.Bucket + 1), Taken = part.Taken, Unused = part.Unused, Refunded = part.Refunded,
            Net = part.Taken - part.Unused - part.Refunded,
        };
        if (part.Grant is { } grant) reply.GrantId = grant.ToString();
        return reply;
    }

    private static V1.ChargeBack Of(ChargeBack back) =>
        new() { Group = back.Group, Overage = back.Overage, Nanos = back.Nanos, Start = Wire.Of(back.Start) };

    private static V1.Line Line(RefundLine line)
    {
        var reply = new V1.Line { Meter = line.Meter, Quantity = line.Quantity };
        Fill(reply.Attributes, line.Attributes);
        return reply;
    }

    private static V1.UsedLine Of(UsedLine line)
    {
        var reply = new V1.UsedLine { Meter = line.Meter, Quantity = line.Quantity, Overrun = line.Overrun };
        Fill(reply.Attributes, line.Attributes);
        reply.Ratings.AddRange((line.Ratings ?? []).Select(Of));
        return reply;
    }

    private static V1.RatedAmount Of(RatedAmount rated) => new()
    {
        Group = rated.Group, Book = rated.Book, Price = new() { Nanos = rated.Price.Nanos, Per = rated.Price.Per }, MarkupPpm = rated.MarkupPpm,
        Amount = rated.Amount,
    };

    private static V1.Draw Of(Draw draw)
    {
        var reply = new V1.Draw
        {
            Group = draw.Group, WindowStart = Wire.Of(draw.Start), WindowEnd = Wire.OfEnd(draw.End), Amount = draw.Amount, Left = draw.Left,
        };
        reply.Parts.AddRange(draw.Parts.Select(Of));
        return reply;
    }

    private static V1.Part Of(Part part)
    {
        var reply = new V1.Part { Bucket = (V1.Bucket)(part.Bucket + 1), Amount = part.Amount };
        if (part.Grant is { } grant) reply.GrantId = grant.ToString();
        return reply;
    }

    private static void Fill(MapField<string, string> map, Attributes attributes)
    {
        foreach (var (key, value) in attributes.Pairs) map.Add(key, value);
    }
}
