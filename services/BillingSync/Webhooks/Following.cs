namespace Metering.BillingSync.Webhooks;

/// <summary>
/// What is to be asked of Accounts, so that a user has what Stripe's customer has. It compares what is known with what was asked, not
/// events with each other: however they came, the same follows, and what was refused is asked again when there is news.
/// </summary>
internal static class Following
{
    public static IEnumerable<StepPlanned> Of(StripeState state, string eventId, DateTimeOffset at)
    {
        var steps = UsersOf(state).SelectMany(user => new[] { PlanFor(state, user), StandingFor(state, user) })
            .Concat(state.Payments.Where(payment => !state.IsGranted(payment)).Select(payment => GrantFor(state, payment)))
            .OfType<StepPlanned>().ToList();
        return steps.Select((step, i) => step with
        {
            At = at, EventId = eventId, Command = CommandIds.Of(at, $"{eventId} {state.Steps.Count + i}"),
        });
    }

    private static SortedSet<string> UsersOf(StripeState state) => new(
        state.Subscriptions.Select(one => state.UserOf(one.News)).Concat(state.Invoices.Select(state.UserOf))
            .Concat(state.Steps.Select(step => step.Planned.User)).OfType<string>(),
        StringComparer.Ordinal);

    /// <summary>Of several subscriptions, the youngest that is live and has a plan.</summary>
    private static StepPlanned? PlanFor(StripeState state, string user)
    {
        var live = state.Subscriptions.Where(one => one.News is { IsLive: true, Plan: not null } && state.UserOf(one.News) == user);
        var wanted = live.LastOrDefault()?.News.Plan;
        if (wanted == state.PlanOf(user)?.Planned.Plan) return null;
        return New(user, wanted is null ? StepKind.EndPlan : StepKind.AssignPlan) with { Plan = wanted };
    }

    /// <summary>Only a suspension of our own is lifted.</summary>
    private static StepPlanned? StandingFor(StripeState state, string user)
    {
        var owes = state.Invoices.Any(invoice => invoice.Standing == InvoiceStanding.Owed && state.UserOf(invoice) == user)
            || state.Subscriptions.Any(one => one.News is { IsHeld: true, Plan: not null } && state.UserOf(one.News) == user);
        var suspension = state.SuspensionOf(user) is { Planned.Kind: StepKind.Suspend } own ? own : null;
        if (owes == suspension is not null) return null;
        return New(user, owes ? StepKind.Suspend : StepKind.Resume) with { Lifts = suspension?.Commands[^1] };
    }

    private static StepPlanned? GrantFor(StripeState state, PaymentNews payment) => state.UserOf(payment) is { } user
        ? New(user, StepKind.GrantCredit) with { Source = payment.Source, Unit = payment.Unit, Amount = payment.Amount }
        : null;

    private static StepPlanned New(string user, StepKind kind) => new(default, "", default, user, kind);
}
