using Metering.Ledger.Catalog;
using Metering.Ledger.Windows;

namespace Metering.Ledger.Accounts;

/// <summary>Plan assignments and their ends, limits of one's own, credits: rules 15, 17, 18.</summary>
internal static class Plans
{
    public static Decision Assign(Context context, AssignPlan command)
    {
        if (context.State.Plan is null || command.Change == PlanChange.NowReset) return AssignAnew(context, command);
        return Decision.Of(Assigned(context, command, context.State.Plan.Anchor, null));
    }

    public static Decision End(Context context, EndPlan command) => context.State.Plan is not { } plan
        ? Decision.Refused(RefusalKind.NotFound, "user", "a user with a plan in force")
        : Decision.Of(new PlanEnded(context.At, Cause(command), plan.Assignment), Periods.EndNow(context));

    public static Decision Customize(Context context, CustomizeLimits command)
    {
        for (var i = 0; i < command.Limits.Count; i++)
            if (!Has(context.State.Plan, command.Limits[i].Group) && !Has(context.State.NextPlan, command.Limits[i].Group))
                return Decision.Refused(RefusalKind.NotFound, $"limits[{i}].group", "the label of a limit group of the user's plan");
        return Decision.Of(new LimitsCustomized(context.At, Cause(command), command.Limits));
    }

    public static Decision Grant(Context context, GrantCredit command)
    {
        if (context.State.Grants.Find(grant => grant.Source == command.Source) is { } known) return GrantedBefore(known, command);
        return command.ExpiresAt <= context.At
            ? Decision.Refused(RefusalKind.Invalid, "expires_at", "a time to come")
            : Decision.Of(new CreditGranted(
                context.At, Cause(command), command.Id, command.Unit, command.Amount, command.Priority, command.ExpiresAt, command.Source));
    }

    /// <summary>A source is granted once for ever: the same grant again, under whatever id, gets the first answer.</summary>
    private static Decision GrantedBefore(Grant known, GrantCredit command) =>
        known.Unit == command.Unit && known.Amount == command.Amount && known.Priority == command.Priority
            ? Decision.Answered(new DoneBefore(known.Id, known.Revision))
            : Decision.Refused(RefusalKind.Exists, "source", "a payment that was not granted before, or the same grant again");

    private static Decision AssignAnew(Context context, AssignPlan command)
    {
        var window = Calendar.WindowAt(
            command.Plan.Period, command.Plan.Anchor, context.At, context.Zones(command.Plan.Zone), context.At);
        var starts = new Period(context.State.LastPeriod + 1, context.At, window.End);
        var assigned = Assigned(context, command, context.At, starts);
        return context.State.Current is null ? Decision.Of(assigned) : Decision.Of(Periods.EndNow(context), assigned);
    }

    private static PlanAssigned Assigned(Context context, AssignPlan command, DateTimeOffset anchor, Period? starts) => new(
        context.At, Cause(command), context.State.Assignments + 1, command.Plan, command.Change, anchor, starts, command.StripeCustomer);

    private static bool Has(PlanInForce? plan, string group) => plan?.Plan.Group(group) is not null;

    private static Cause Cause(Command command) => new(command.Id, command.Content);
}
