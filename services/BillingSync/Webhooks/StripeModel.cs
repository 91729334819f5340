using Metering.Kernel.Deciding;
using Metering.Kernel.Streams;

namespace Metering.BillingSync.Webhooks;

/// <summary>What can be asked of what is known of a customer.</summary>
public abstract record StripeCommand;

/// <summary>Takes an event in, and plans what follows. Heard before, it is not taken again; what was refused is planned anew.</summary>
/// <param name="IsCurrent">The subscription is as Stripe has it now, not as the event has it.</param>
public sealed record Hear(News News, bool IsCurrent = false) : StripeCommand;

/// <summary>Says which user the customer is.</summary>
/// <param name="EventId">The event on whose account that was found out.</param>
public sealed record Link(string User, string EventId) : StripeCommand;

/// <summary>Has a step asked again, under an id of now.</summary>
public sealed record RepeatStep(Guid First) : StripeCommand;

/// <summary>Ends a step.</summary>
public sealed record SettleStep(Guid First, string? Refused) : StripeCommand;

/// <summary>Asks what is still to be done, and changes nothing.</summary>
public sealed record Survey : StripeCommand;

/// <summary>Remembers that Stripe dropped usage.</summary>
public sealed record HearErrors(string EventId, string Type, DateTimeOffset Created) : StripeCommand;

/// <summary>Says what was done about it.</summary>
public sealed record TakeErrors(string EventId, long Errors, long Named, IReadOnlyList<string> Unknown, string Summary) : StripeCommand;

/// <summary>How things stand after a command.</summary>
/// <param name="Open">The steps that are to be done, in order.</param>
/// <param name="IsRepeat">The event had been heard before.</param>
/// <param name="IsInDoubt">Two events of the same second differ: nothing was taken, Stripe has to be asked how it is now.</param>
/// <param name="IsUnlinked">Something waits for somebody to say which user the customer is.</param>
public sealed record Known(long Revision, IReadOnlyList<OpenStep> Open, bool IsRepeat, bool IsInDoubt, bool IsUnlinked);

/// <summary>A step that is to be done.</summary>
/// <param name="Commands">Every id that it was asked under, the newest last.</param>
/// <param name="AskedAt">When the newest was made.</param>
public sealed record OpenStep(StepPlanned Planned, IReadOnlyList<Guid> Commands, DateTimeOffset AskedAt)
{
    internal static OpenStep Of(Step step) => new(step.Planned, [.. step.Commands], step.AskedAt);
}

/// <summary>The streams <c>stripe-{customer}</c>: what Stripe told, and what Accounts was asked because of it.</summary>
public sealed class StripeModel : IStreamModel<StripeState, StripeCommand, Known>
{
    public const string Prefix = "stripe-";

    public static string StreamOf(string subject) => Prefix + subject;

    public static string SubjectOf(string stream) => stream[Prefix.Length..];

    public StripeState Empty() => new();

    public void Fold(StripeState state, StoredEvent stored) => state.Fold(StoredFacts.Decode(stored.Type, stored.Data.Span));

    public Turn<Known> Decide(StripeState state, StripeCommand command, DateTimeOffset now)
    {
        var at = now > state.At ? now : state.At;
        var isRepeat = IdOf(command) is { } id && state.HasHeard(id);
        var isInDoubt = command is Hear hear && !isRepeat && Hearing.IsInDoubt(state, hear);
        List<StripeFact> facts = isInDoubt ? [] : FactsOf(state, command, isRepeat, at);
        var open = state.Steps.Where(step => step.IsOpen).Select(OpenStep.Of);
        return new([.. facts.Select(ToFact)], new Known(state.Revision, [.. open], isRepeat, isInDoubt, state.IsUnlinked));
    }

    public bool IsAhead(StripeState state) => false;

    public (string Version, ReadOnlyMemory<byte> Data)? Save(StripeState state) => null;

    public StripeState? Restore(Snapshot snapshot) => null;

    /// <summary>What comes of a command, folded.</summary>
    private static List<StripeFact> FactsOf(StripeState state, StripeCommand command, bool isRepeat, DateTimeOffset at) => command switch
    {
        Hear hear => [.. isRepeat ? [] : Happened(state, [Hearing.Take(state, hear, at)]), .. Follow(state, hear.News.EventId, at)],
        Link link when state.User == link.User => [],
        Link link => [.. Happened(state, [new CustomerLinked(at, link.User)]), .. Follow(state, link.EventId, at)],
        RepeatStep repeat => Happened(state, [new StepRepeated(at, repeat.First, CommandIds.Of(at, $"{repeat.First} {at:O}"))]),
        SettleStep settle when state.Steps.Any(step => step.IsOpen && step.Planned.Command == settle.First) =>
            Happened(state, [new StepSettled(at, settle.First, settle.Refused)]),
        HearErrors errors when !isRepeat => Happened(state, [new ErrorsHeard(at, errors.EventId, errors.Type, errors.Created)]),
        TakeErrors taken when state.ErrorsTaken is null =>
            Happened(state, [new ErrorsTaken(at, taken.EventId, taken.Errors, taken.Named, taken.Unknown, taken.Summary)]),
        SettleStep or HearErrors or TakeErrors or Survey => [],
        _ => throw new InvalidOperationException($"{command.GetType().Name} has no meaning here"),
    };

    private static string? IdOf(StripeCommand command) => command switch
    {
        Hear hear => hear.News.EventId,
        HearErrors errors => errors.EventId,
        _ => null,
    };

    private static List<StripeFact> Follow(StripeState state, string eventId, DateTimeOffset at) =>
        Happened(state, [.. Following.Of(state, eventId, at)]);

    private static List<StripeFact> Happened(StripeState state, List<StripeFact> facts)
    {
        foreach (var fact in facts) state.Fold(fact);
        return facts;
    }

    private static Fact ToFact(StripeFact happened)
    {
        var (type, data) = StoredFacts.Encode(happened);
        return new Fact(type, data, null);
    }
}
