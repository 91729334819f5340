using Google.Protobuf.WellKnownTypes;
using Metering.Ledger.Accounts;
using Metering.Reservations.Models;
using static Metering.Reservations.Replies.Values;

namespace Metering.Reservations.Replies;

/// <summary>Answers as replies of the Reservations service. A repeat is made of the same events, so it says the same.</summary>
internal static class LedgerReplies
{
    public static V1.ReserveReply Reserve(Answer answer) => answer switch
    {
        Recorded recorded => new()
        {
            Allowed = true, Granted = Granted(recorded.Event<Reserved>(), recorded.Revision), Repeated = recorded.Repeated,
        },
        Denied denied => new() { Denial = Denial(denied) },
        _ => throw Unexpected(answer),
    };

    public static V1.CommitReply Commit(Answer answer)
    {
        var recorded = Done(answer);
        var committed = recorded.Event<Committed>();
        var reply = new V1.CommitReply
        {
            ReservationId = committed.Reservation.ToString(), Period = committed.Period, At = Moment(committed.At), Revision = recorded.Revision,
            Repeated = recorded.Repeated,
        };
        Fill(reply.Lines, committed.Lines, UsedLine);
        var unused = recorded.Find<Refunded>();
        Fill(reply.Charged, committed.Draws, Draw);
        Fill(reply.Unused, unused?.Draws ?? [], Draw);
        Fill(reply.FromParent, committed.FromParent ?? [], Draw);
        if (unused?.ToParent is { } run) reply.ToParentId = run.ToString();
        return reply;
    }

    public static V1.ReleaseReply Release(Answer answer)
    {
        var recorded = Done(answer);
        var released = recorded.Event<Released>();
        var reply = new V1.ReleaseReply
        {
            ReservationId = released.Reservation.ToString(), At = Moment(released.At), Revision = recorded.Revision, Repeated = recorded.Repeated,
        };
        Fill(reply.Draws, released.Draws, Draw);
        if (released.ToParent is { } run) reply.ToParentId = run.ToString();
        return reply;
    }

    public static V1.RefundReply Refund(Answer answer)
    {
        var recorded = Done(answer);
        var refunded = recorded.Event<Refunded>();
        var reply = new V1.RefundReply
        {
            ReservationId = refunded.Reservation.ToString(), Period = refunded.Period, At = Moment(refunded.At), Revision = recorded.Revision,
            Repeated = recorded.Repeated,
        };
        if (refunded.AdjustsPeriod is { } adjusts) reply.AdjustsPeriod = adjusts;
        Fill(reply.Lines, refunded.Lines, Line);
        Fill(reply.Draws, refunded.Draws, Draw);
        Fill(reply.Worth, refunded.Worth ?? [], ChargeBack);
        return reply;
    }

    public static V1.ExtendReply Extend(Answer answer) => answer switch
    {
        Recorded recorded => new()
        {
            Allowed = true, Extended = Extended(recorded.Event<HoldExtended>(), recorded.Revision), Repeated = recorded.Repeated,
        },
        Denied denied => new() { Denial = Denial(denied) },
        _ => throw Unexpected(answer),
    };

    public static V1.TrackReply Track(Answer answer) => answer switch
    {
        Recorded recorded => new()
        {
            Allowed = true, Tracked = Tracked(recorded.Event<UsageTracked>(), recorded.Revision), Repeated = recorded.Repeated,
        },
        Denied denied => new() { Denial = Denial(denied) },
        _ => throw Unexpected(answer),
    };

    public static V1.CheckReply Check(Answer answer) => answer switch
    {
        Allowed allowed => new() { Allowed = true, Allowance = Allowance(allowed) },
        Denied denied => new() { Denial = Denial(denied) },
        _ => throw Unexpected(answer),
    };

    /// <summary>The answer of a command that is done or refused, never denied.</summary>
    public static Recorded Done(Answer answer) => answer as Recorded ?? throw Unexpected(answer);

    private static V1.Granted Granted(Reserved reserved, long revision)
    {
        var message = new V1.Granted
        {
            ReservationId = reserved.Reservation.ToString(), Deadline = Moment(reserved.Deadline), Grace = Duration.FromTimeSpan(reserved.Grace),
            Period = reserved.Period, At = Moment(reserved.At), Revision = revision,
        };
        Fill(message.Draws, reserved.Draws, Draw);
        Fill(message.Lines, reserved.Lines, UsedLine);
        if (reserved.Parent is { } run) message.ParentId = run.ToString();
        return message;
    }

    private static V1.Extended Extended(HoldExtended extended, long revision)
    {
        var message = new V1.Extended
        {
            ReservationId = extended.Reservation.ToString(), Deadline = Moment(extended.Deadline), At = Moment(extended.At), Revision = revision,
        };
        Fill(message.Draws, extended.Draws, Draw);
        Fill(message.Lines, extended.Lines, UsedLine);
        return message;
    }

    private static V1.Tracked Tracked(UsageTracked tracked, long revision)
    {
        var message = new V1.Tracked
        {
            Unmatched = tracked.Unmatched, At = Moment(tracked.At), Revision = revision, OccurredAt = End(tracked.OccurredAt),
        };
        if (tracked.Period is { } period) message.Period = period;
        Fill(message.Lines, tracked.Lines, UsedLine);
        Fill(message.Draws, tracked.Draws, Draw);
        return message;
    }

    private static V1.Allowance Allowance(Allowed allowed)
    {
        var message = new V1.Allowance { At = Moment(allowed.At), Revision = allowed.Revision };
        Fill(message.Draws, allowed.Draws, Draw);
        return message;
    }

    private static V1.Denial Denial(Denied denied)
    {
        var message = new V1.Denial
        {
            Reason = (V1.DenialReason)(denied.Reason + 1), Needed = denied.Needed, Quota = denied.Quota, Used = denied.Used, Held = denied.Held,
            Remaining = denied.Remaining, ResetsAt = End(denied.ResetsAt), At = Moment(denied.At), Revision = denied.Revision,
        };
        if (denied.Group is { } group) message.Group = group;
        if (denied.Meter is { } meter) message.Meter = meter;
        return message;
    }

    private static InvalidOperationException Unexpected(Answer answer) => new($"no reply for {answer}");
}
