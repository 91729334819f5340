using Google.Protobuf.WellKnownTypes;
using Metering.V1;

namespace Metering.BillingSync.Webhooks;

/// <summary>What people have to look at, of what is known of a Stripe customer.</summary>
internal static class StripeTrouble
{
    public static IEnumerable<StripeProblem> Of(string subject, StripeState state)
    {
        foreach (var problem in Subscriptions(state).Concat(Unlinked(state)).Concat(Steps(state)).Concat(Dropped(state)))
        {
            problem.Subject = subject;
            problem.At ??= state.At.ToTimestamp();
            yield return problem;
        }
    }

    private static IEnumerable<StripeProblem> Subscriptions(StripeState state) =>
        from one in state.Subscriptions
        where one is { IsMapped: false, News.IsLive: true } && state.UserOf(one.News) is not null
        let text = $"{one.News.Id}: Billing:Plans has none of its prices ({one.News.Prices})"
        select New(StripeProblemKind.NoPlan, state.UserOf(one.News), text);

    private static IEnumerable<StripeProblem> Unlinked(StripeState state) => state.IsUnlinked
        ? [New(
            StripeProblemKind.Unlinked, null,
            $"nobody says which user this is: no {NewsReader.UserKey} in its metadata, no ledger names it")]
        : [];

    /// <summary>Of what was refused, the last word on each kind counts: what was done since is no problem any more.</summary>
    private static IEnumerable<StripeProblem> Steps(StripeState state) =>
        from step in state.Steps
        where step.IsOpen || (step.Refused is not null && !IsReplaced(state, step))
        select At(
            New(step.IsOpen ? StripeProblemKind.Pending : StripeProblemKind.Refused, step.Planned.User,
                $"{step.Planned.Kind} {step.Planned.Plan}{step.Planned.Source}: {step.Refused ?? "not done yet"}"),
            step.Planned);

    private static bool IsReplaced(StripeState state, Step step) =>
        state.Steps.SkipWhile(one => one != step).Skip(1).Any(later => Replaces(later.Planned, step.Planned));

    private static bool Replaces(StepPlanned later, StepPlanned step) =>
        later.User == step.User && later.Source == step.Source && Topic(later.Kind) == Topic(step.Kind);

    private static int Topic(StepKind kind) => kind switch
    {
        StepKind.AssignPlan or StepKind.EndPlan => 0,
        StepKind.Suspend or StepKind.Resume => 1,
        _ => 2,
    };

    private static IEnumerable<StripeProblem> Dropped(StripeState state)
    {
        if (state.ErrorsTaken is not { } taken || (taken.Errors <= taken.Named && taken.Unknown.Count == 0)) yield break;
        var text = $"{taken.Errors - taken.Named} of {taken.Errors} are not named; {taken.Unknown.Count} named are no report of ours: ";
        var problem = New(StripeProblemKind.UsageDropped, null, text + string.Join(' ', taken.Unknown) + $" ({taken.Summary})");
        (problem.EventId, problem.Errors) = (taken.EventId, taken.Errors);
        yield return problem;
    }

    private static StripeProblem At(StripeProblem problem, StepPlanned step)
    {
        (problem.EventId, problem.At) = (step.EventId, step.At.ToTimestamp());
        return problem;
    }

    private static StripeProblem New(StripeProblemKind kind, string? user, string text)
    {
        var problem = new StripeProblem { Kind = kind, Text = text };
        if (user is not null) problem.User = user;
        return problem;
    }
}
