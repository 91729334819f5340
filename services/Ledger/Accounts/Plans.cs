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

    private static Decision AssignAnew(Context context, AssignPlan command)
    {
        var start = StartOfNew(context);
        var window = Calendar.WindowAt(command.Plan.Period, command.Plan.Anchor, context.At, context.Zones(command.Plan.Zone), start);
        var assigned = Assigned(context, command, context.At, new Period(context.State.LastPeriod + 1, start, window.End));
        return context.State.Current is null ? Decision.Of(assigned) : Decision.Of(Periods.EndNow(context), assigned);
    }

    // windows are told apart by their start: a period that begins at the very moment at which the one before it did starts a tick later
    private static DateTimeOffset StartOfNew(Context context) =>
        context.State.LastStart is { } last && last >= context.At ? last.AddTicks(1) : context.At;

    private static PlanAssigned Assigned(Context context, AssignPlan command, DateTimeOffset anchor, Period? starts) => new(
        context.At, Cause(command), context.State.Assignments + 1, command.Plan, command.Change, anchor, starts, command.StripeCustomer);

    private static bool Has(PlanInForce? plan, string group) => plan?.Plan.Group(group) is not null;

    private static Cause Cause(Command command) => new(command.Id, command.Content);
}
