namespace Metering.BillingSync.Webhooks;

/// <summary>
/// A fact in <c>stripe-{customer}</c>: what Stripe told of a customer, and what was done about it. The stored names are in StoredFacts.cs.
/// </summary>
/// <param name="At">When it was decided; never goes back within a stream.</param>
public abstract record StripeFact(DateTimeOffset At);

/// <summary>An event of Stripe's was taken in: it never is again.</summary>
/// <param name="Note">Why nothing follows from it; none: what follows, follows.</param>
public sealed record EventHeard(
    DateTimeOffset At, string EventId, string Type, DateTimeOffset Created, SubscriptionNews? Subscription = null,
    InvoiceNews? Invoice = null, PaymentNews? Payment = null, string? User = null, string? Note = null) : StripeFact(At);

/// <summary>It was found out which user the customer is.</summary>
public sealed record CustomerLinked(DateTimeOffset At, string User) : StripeFact(At);

/// <summary>Something is to be asked of Accounts: recorded before it is.</summary>
/// <param name="EventId">The event that it follows from.</param>
/// <param name="Command">The command's id, a UUIDv7 of this time.</param>
/// <param name="Lifts">Of a Resume, the id of the suspension that it lifts: somebody else's is left alone.</param>
public sealed record StepPlanned(
    DateTimeOffset At, string EventId, Guid Command, string User, StepKind Kind, string? Plan = null, string? Source = null,
    string? Unit = null, long? Amount = null, Guid? Lifts = null) : StripeFact(At);

/// <summary>What can be asked of Accounts.</summary>
public enum StepKind { AssignPlan, EndPlan, GrantCredit, Suspend, Resume }

/// <summary>A step is asked again under another id: the ledger no longer remembers the last one, and has nothing that came of it.</summary>
/// <param name="First">The id that the step was planned with.</param>
public sealed record StepRepeated(DateTimeOffset At, Guid First, Guid Command) : StripeFact(At);

/// <summary>A step is over.</summary>
/// <param name="Refused">Why Accounts would not do it: for people. None: it is as asked.</param>
public sealed record StepSettled(DateTimeOffset At, Guid First, string? Refused = null) : StripeFact(At);

/// <summary>Stripe told that it dropped usage it had taken: recorded before anything is asked, so that it is never forgotten.</summary>
public sealed record ErrorsHeard(DateTimeOffset At, string EventId, string Type, DateTimeOffset Created) : StripeFact(At);

/// <summary>The reports that it names are rejected.</summary>
/// <param name="Errors">How many it counts.</param>
/// <param name="Named">How many of them it names.</param>
/// <param name="Unknown">Of those, the ones that are no report of ours, at most a hundred.</param>
/// <param name="Summary">Stripe's words.</param>
public sealed record ErrorsTaken(
    DateTimeOffset At, string EventId, long Errors, long Named, IReadOnlyList<string> Unknown, string Summary) : StripeFact(At);
