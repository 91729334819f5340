using Metering.Ledger.Accounts;

namespace Metering.Ledger.Catalog;

/// <summary>What an operator asks of the catalog. <paramref name="Id"/> and <paramref name="Content"/> are as in a ledger's commands.</summary>
public abstract record CatalogCommand(Guid Id, ContentHash Content);

/// <summary>Declare a meter. The same meter with the same unit again changes nothing.</summary>
public sealed record DeclareMeter(Guid Id, ContentHash Content, Meter Meter) : CatalogCommand(Id, Content);

/// <summary>Publish a plan's next version. <paramref name="Draft"/> has no version yet (0); the same content as the latest changes nothing.</summary>
public sealed record PublishPlan(Guid Id, ContentHash Content, Plan Draft) : CatalogCommand(Id, Content);

/// <summary>Assign this plan to nobody any more, until its next version is published.</summary>
public sealed record RetirePlan(Guid Id, ContentHash Content, string Plan) : CatalogCommand(Id, Content);

/// <summary>Publish prices. No <paramref name="EffectiveFrom"/> = as soon as allowed.</summary>
public sealed record PublishPriceBook(
    Guid Id, ContentHash Content, string Currency, long MarkupPpm, Items<PriceEntry> Entries, DateTimeOffset? EffectiveFrom)
    : CatalogCommand(Id, Content);

/// <summary>What the catalog answers, beside <see cref="Refused"/>. <paramref name="At"/> is when it became so.</summary>
/// <param name="Repeated">It was so before: nothing was appended.</param>
public abstract record CatalogAnswer(DateTimeOffset At, bool Repeated) : Answer;

/// <summary>The meter stands as declared.</summary>
public sealed record Declared(Meter Meter, DateTimeOffset At, bool Repeated = false) : CatalogAnswer(At, Repeated);

/// <summary>The plan stands in this version.</summary>
public sealed record Published(Plan Plan, DateTimeOffset At, bool Repeated = false) : CatalogAnswer(At, Repeated);

/// <summary>The plan is retired.</summary>
public sealed record Retired(string Plan, DateTimeOffset At, bool Repeated = false) : CatalogAnswer(At, Repeated);

/// <summary>The price book stands.</summary>
public sealed record BookPublished(PriceBook Book, DateTimeOffset At, bool Repeated = false) : CatalogAnswer(At, Repeated);
