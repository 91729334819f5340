using Metering.Ledger.Accounts;
using static Metering.Reservations.Replies.Values;

namespace Metering.Reservations.Replies;

/// <summary>Answers as replies of the Accounts service.</summary>
internal static class AccountReplies
{
    public static V1.AssignPlanReply AssignPlan(Answer answer)
    {
        var recorded = LedgerReplies.Done(answer);
        var assigned = recorded.Event<PlanAssigned>();
        return new()
        {
            PlanId = assigned.Plan.Id, Version = assigned.Plan.Version, Assignment = assigned.Assignment, Starts = Period(assigned.Starts),
            At = Moment(assigned.At), Revision = recorded.Revision, Repeated = recorded.Repeated,
        };
    }

    public static V1.EndPlanReply EndPlan(Answer answer)
    {
        var recorded = LedgerReplies.Done(answer);
        var ended = recorded.Event<PlanEnded>();
        return new()
        {
            Assignment = ended.Assignment, Ended = Period(recorded.Find<PeriodEnded>()?.Period), At = Moment(ended.At), Revision = recorded.Revision,
            Repeated = recorded.Repeated,
        };
    }

    public static V1.CustomizeLimitsReply CustomizeLimits(Answer answer)
    {
        var recorded = LedgerReplies.Done(answer);
        return new() { At = Moment(recorded.Event<LimitsCustomized>().At), Revision = recorded.Revision, Repeated = recorded.Repeated };
    }

    public static V1.GrantCreditReply GrantCredit(Answer answer)
    {
        var recorded = LedgerReplies.Done(answer);
        var granted = recorded.Event<CreditGranted>();
        return new() { GrantId = granted.Grant.ToString(), At = Moment(granted.At), Revision = recorded.Revision, Repeated = recorded.Repeated };
    }

    public static V1.RevokeCreditReply RevokeCredit(Answer answer)
    {
        var recorded = LedgerReplies.Done(answer);
        var revoked = recorded.Event<CreditRevoked>();
        return new()
        {
            GrantId = revoked.Grant.ToString(), Amount = revoked.Amount, At = Moment(revoked.At), Revision = recorded.Revision,
            Repeated = recorded.Repeated,
        };
    }

    public static V1.SuspendReply Suspend(Answer answer)
    {
        var recorded = LedgerReplies.Done(answer);
        return new() { At = Moment(recorded.Event<Suspended>().At), Revision = recorded.Revision, Repeated = recorded.Repeated };
    }

    public static V1.ResumeReply Resume(Answer answer)
    {
        var recorded = LedgerReplies.Done(answer);
        return new() { At = Moment(recorded.Event<Resumed>().At), Revision = recorded.Revision, Repeated = recorded.Repeated };
    }

    public static V1.ClosePeriodReply ClosePeriod(Answer answer)
    {
        var recorded = LedgerReplies.Done(answer);
        var closed = recorded.Event<PeriodClosed>();
        var reply = new V1.ClosePeriodReply
        {
            Period = Period(closed.Period), At = Moment(closed.At), Revision = recorded.Revision, Repeated = recorded.Repeated,
        };
        Fill(reply.Groups, closed.Groups, Total);
        Fill(reply.Meters, closed.Meters, meter => new V1.MeterTotal { Meter = meter.Meter, Quantity = meter.Quantity, Overrun = meter.Overrun });
        return reply;
    }

    private static V1.GroupTotal Total(GroupTotal total)
    {
        var message = Sums(total);
        (message.Since, message.AdjustedCharge) = (total.Since, total.AdjustedCharge);
        Fill(message.Windows, total.Windows ?? [], Window);
        return message;
    }

    private static V1.WindowOverage Window(WindowOverage window) =>
        new() { WindowStart = Moment(window.Start), Overage = window.Overage, Before = window.Before };

    private static V1.GroupTotal Sums(GroupTotal total) => new()
    {
        Group = total.Group, Unit = total.Unit, Kind = Kind(total.Kind), Rollover = total.Rollover, Quota = total.Quota, Credit = total.Credit,
        Overage = total.Overage, Charge = total.Charge, AdjustedUsage = total.AdjustedUsage, AdjustedOverage = total.AdjustedOverage,
        RolledOver = total.RolledOver, Reporting = Reporting(total.Reporting),
    };
}
