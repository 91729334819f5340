namespace Metering.Ledger.Accounts;

/// <summary>Suspension blocks reserve, enforced track and extend; what runs may still settle (rule 2).</summary>
internal static class Suspensions
{
    public static Decision Suspend(Context context, Suspend command) => context.State.Suspended
        ? Decision.Refused(RefusalKind.Conflict, "user", "a user who is not suspended")
        : Decision.Of(new Suspended(context.At, new Cause(command.Id, command.Content), command.Reason));

    public static Decision Resume(Context context, Resume command) => context.State.Suspended
        ? Decision.Of(new Resumed(context.At, new Cause(command.Id, command.Content)))
        : Decision.Refused(RefusalKind.Conflict, "user", "a user who is suspended");
}
