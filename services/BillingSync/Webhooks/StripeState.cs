namespace Metering.BillingSync.Webhooks;

/// <summary>What is known of a Stripe customer and was asked of Accounts. Folding changes it in place; deciding only reads it.</summary>
public sealed class StripeState
{
    private readonly HashSet<string> heard = new(StringComparer.Ordinal);
    private readonly List<KnownSubscription> subscriptions = [];
    private readonly Dictionary<string, InvoiceNews> invoices = new(StringComparer.Ordinal);
    private readonly Dictionary<string, PaymentNews> payments = new(StringComparer.Ordinal);
    private readonly List<Step> steps = [];

    /// <summary>Number of the last fact; -1 before the first.</summary>
    public long Revision { get; private set; } = -1;

    /// <summary>When the last one was decided.</summary>
    public DateTimeOffset At { get; private set; } = DateTimeOffset.MinValue;

    /// <summary>Which user the customer is; none: nobody said.</summary>
    public string? User { get; private set; }

    public IReadOnlyList<KnownSubscription> Subscriptions => subscriptions;
    public IEnumerable<InvoiceNews> Invoices => invoices.Values;
    public IEnumerable<PaymentNews> Payments => payments.Values;

    /// <summary>All steps, in the order in which they are to be done.</summary>
    public IReadOnlyList<Step> Steps => steps;

    /// <summary>Usage that Stripe dropped; none: this stream is not about that.</summary>
    public ErrorsHeard? Errors { get; private set; }

    /// <summary>What was done about it; none yet.</summary>
    public ErrorsTaken? ErrorsTaken { get; private set; }

    public bool HasHeard(string eventId) => heard.Contains(eventId);

    public KnownSubscription? Subscription(string id) => subscriptions.Find(one => one.News.Id == id);

    public InvoiceNews? Invoice(string id) => invoices.GetValueOrDefault(id);

    public string? UserOf(SubscriptionNews subscription) => subscription.User ?? User;

    /// <summary>
    /// Whose plan it is for. What the customer owes for something else is none of ours; before its subscription is known, only its own word
    /// counts.
    /// </summary>
    public string? UserOf(InvoiceNews invoice) => invoice.Subscription is { } id && Subscription(id) is { } known
        ? known.News.Plan is null ? null : invoice.User ?? UserOf(known.News)
        : invoice.User;

    public string? UserOf(PaymentNews payment) => payment.User ?? User;

    /// <summary>The last step about a user's plan that was not refused: what is in force, or is to be.</summary>
    public Step? PlanOf(string user) => Last(user, StepKind.AssignPlan, StepKind.EndPlan);

    /// <summary>The last one about a user's suspension.</summary>
    public Step? SuspensionOf(string user) => Last(user, StepKind.Suspend, StepKind.Resume);

    public bool IsGranted(PaymentNews payment) => steps.Exists(step => step.Planned.Source == payment.Source && step.Refused is null);

    /// <summary>Something is known that nobody can act on before somebody says which user it is about.</summary>
    public bool IsUnlinked =>
        subscriptions.Exists(one => one.News is { IsLive: true, Plan: not null } && UserOf(one.News) is null)
        || Payments.Any(payment => UserOf(payment) is null);

    /// <summary>Takes a fact in. What cannot be is a defect and throws.</summary>
    public void Fold(StripeFact happened)
    {
        switch (happened)
        {
            case EventHeard news: Fold(news); break;
            case CustomerLinked linked: User = linked.User; break;
            case StepPlanned planned: steps.Add(new Step(planned)); break;
            case StepRepeated repeated: Find(repeated.First).Fold(repeated); break;
            case StepSettled settled: Find(settled.First).Fold(settled); break;
            case ErrorsHeard errors: (Errors, _) = (errors, heard.Add(errors.EventId)); break;
            case ErrorsTaken taken: ErrorsTaken = taken; break;
            default: throw new InvalidOperationException($"{happened.GetType().Name} has no meaning here");
        }
        (Revision, At) = (Revision + 1, happened.At);
    }

    private void Fold(EventHeard news)
    {
        heard.Add(news.EventId);
        if (news.User is { } user) User = user;
        if (news.Subscription is { } subscription) Fold(subscription, news.Created);
        if (news.Invoice is { } invoice) invoices[invoice.Id] = invoice;
        if (news.Payment is { } payment) payments.TryAdd(payment.Source, payment);
    }

    // a price that is in no setting, and a user who is no longer named, take nothing away: people see the first and do the second
    private void Fold(SubscriptionNews news, DateTimeOffset asOf)
    {
        if (Subscription(news.Id) is not { } known)
        {
            subscriptions.Add(new KnownSubscription(news) { AsOf = asOf });
            return;
        }
        known.IsMapped = news.Plan is not null;
        known.News = news with { Plan = news.Plan ?? known.News.Plan, User = news.User ?? known.News.User };
        known.AsOf = asOf > known.AsOf ? asOf : known.AsOf;
    }

    private Step? Last(string user, StepKind one, StepKind other) => steps.FindLast(step =>
        step.Planned.User == user && (step.Planned.Kind == one || step.Planned.Kind == other) && step.Refused is null);

    private Step Find(Guid first) =>
        steps.Find(step => step.Planned.Command == first) ?? throw new InvalidOperationException($"no step {first} was planned");
}

/// <summary>A subscription as it was told last.</summary>
public sealed class KnownSubscription(SubscriptionNews news)
{
    public SubscriptionNews News { get; internal set; } = news;

    /// <summary>When the newest event about it happened.</summary>
    public DateTimeOffset AsOf { get; internal set; }

    /// <summary>True if one of its prices has a plan by now.</summary>
    public bool IsMapped { get; internal set; } = news.Plan is not null;
}

/// <summary>Something that was asked of Accounts, or is to be.</summary>
public sealed class Step(StepPlanned planned)
{
    private readonly List<Guid> commands = [planned.Command];

    public StepPlanned Planned { get; } = planned;

    /// <summary>Every id that it was asked under, the newest last.</summary>
    public IReadOnlyList<Guid> Commands => commands;

    /// <summary>When the newest was made.</summary>
    public DateTimeOffset AskedAt { get; private set; } = planned.At;

    public bool IsOpen { get; private set; } = true;

    /// <summary>Why it was not done, for good; none: it was, or is still to be.</summary>
    public string? Refused { get; private set; }

    internal void Fold(StepRepeated repeated)
    {
        commands.Add(repeated.Command);
        AskedAt = repeated.At;
    }

    internal void Fold(StepSettled settled) => (IsOpen, Refused) = (false, settled.Refused);
}
