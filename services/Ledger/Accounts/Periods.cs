using Metering.Ledger.Windows;

namespace Metering.Ledger.Accounts;

/// <summary>Billing periods end at their boundary and close once their last hold is settled (rule 17).</summary>
internal static class Periods
{
    /// <summary>The running period reached its boundary: the next one follows at once, under the plan that waits for it if there is one.</summary>
    public static PeriodEnded EndAtBoundary(Context context)
    {
        var (ended, plan) = (context.State.Current!.Period, context.State.NextPlan ?? context.State.Plan!);
        var window = Calendar.WindowAt(plan.Plan.Period, plan.Plan.Anchor, plan.Anchor, context.Zones(plan.Plan.Zone), ended.End);
        return Ended(context, ended, new Period(ended.Number + 1, ended.End, window.End), plan.Assignment);
    }

    /// <summary>The running period ends now, with its plan.</summary>
    public static PeriodEnded EndNow(Context context) =>
        Ended(context, UntilNow(context, context.State.Current!.Period), null, null);

    public static PeriodClosed CloseOldest(Context context)
    {
        var period = context.State.Ended[0];
        return new PeriodClosed(
            context.At, period.Period, Totals.Of(context.State, period, closing: true), Totals.OfMeters(period), context.State.StripeCustomer);
    }

    /// <summary>When the oldest ended period can close; none while it has open holds.</summary>
    public static DateTimeOffset? ClosesAt(LedgerState state)
    {
        if (state.Ended.Count == 0 || state.Ended[0].OpenHolds > 0) return null;
        return state.Ended[0].Period.End + state.PlanOf(state.Ended[0].Assignment).Plan.LateGrace;
    }

    /// <summary>Closing is keyed by the period: twice changes nothing. What was due is appended either way.</summary>
    public static Decision Close(Context context, ClosePeriod command)
    {
        var state = context.State;
        if (command.Period < 1 || command.Period > state.LastPeriod)
            return Decision.Refused(RefusalKind.NotFound, "period", state.LastPeriod == 0
                ? "a user with a billing period; this one has had no plan yet"
                : $"a period of this user: 1 to {state.LastPeriod}");
        if (state.Current?.Period is { } current && current.Number == command.Period)
            return Decision.Refused(RefusalKind.NotDue, "period", $"a period that is over; this one ends at {current.End:O}");
        if (state.Period(command.Period) is { } open)
            return Decision.Flush(new Refused(RefusalKind.NotDue, "period", WhyOpen(state, open)));
        var closed = state.Unappended.OfType<PeriodClosed>().FirstOrDefault(e => e.Period.Number == command.Period);
        return Decision.Flush(closed is null ? new ClosedBefore(command.Period) : new Done([closed]));
    }

    private static string WhyOpen(LedgerState state, PeriodUse open)
    {
        if (open.OpenHolds > 0) return $"a period without open holds; this one has {open.OpenHolds}";
        if (state.Ended[0] != open) return $"the oldest open period, which is {state.Ended[0].Period.Number}: periods close in order";
        return $"a period whose time for late usage is over; this one closes at {ClosesAt(state):O}";
    }

    // one that was put a tick after the one before it ends no earlier than it starts
    private static Period UntilNow(Context context, Period period) =>
        period with { End = period.Start > context.At ? period.Start : context.At };

    private static PeriodEnded Ended(Context context, Period ended, Period? next, int? assignment) => new(
        context.At, ended, Totals.Of(context.State, context.State.Current!, closing: false), context.State.StripeCustomer, next, assignment);
}
