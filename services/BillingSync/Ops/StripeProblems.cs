using Google.Protobuf.WellKnownTypes;
using Metering.BillingSync.Webhooks;
using Metering.Kernel.Grpc;
using Metering.V1;

namespace Metering.BillingSync.Ops;

/// <summary>What Stripe told and people have to look at.</summary>
internal sealed class StripeProblems(StripeView view)
{
    private const int Default = 100;
    private const int Most = 1000;

    public ListStripeProblemsReply List(ListStripeProblemsRequest request)
    {
        if (request.HasUser) Asked.User(request.User);
        if (request.PageSize is < 0 or > Most) throw RpcErrors.Invalid("page_size", $"0 to {Most}", $"it is {request.PageSize}");
        var (from, most) = (Place.Parse(request.PageToken), request.PageSize == 0 ? Default : request.PageSize);
        var found = view.Read((subject, state) => Of(subject, state).Select((problem, i) => (Place: new Place(subject, i), Problem: problem)))
            .Where(one => !IsBefore(one.Place, from) && (!request.HasUser || (one.Problem.HasUser && one.Problem.User == request.User)))
            .Take(most + 1).ToList();
        var reply = new ListStripeProblemsReply { Problems = { found.Take(most).Select(one => one.Problem) } };
        if (found.Count > most) reply.NextPageToken = found[most].Place.ToString();
        return reply;
    }

    private static bool IsBefore(Place place, Place from) =>
        string.CompareOrdinal(place.Key, from.Key) is var order && (order < 0 || (order == 0 && place.Index < from.Index));

    private static IEnumerable<StripeProblem> Of(string subject, StripeState state)
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
        ? [New(StripeProblemKind.Unlinked, null, $"nobody says which user this is: no {NewsReader.UserKey} in its metadata, no ledger names it")]
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
