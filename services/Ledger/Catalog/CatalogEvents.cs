using Metering.Ledger.Accounts;

namespace Metering.Ledger.Catalog;

/// <summary>
/// A fact in the one <c>catalog</c> stream. The stored names are in Stored/CatalogEvents.cs: a rename here changes no stream.
/// <paramref name="Command"/> and <paramref name="Content"/> make a repeated command answerable for ever: the catalog is small.
/// </summary>
public abstract record CatalogEvent(DateTimeOffset At, Guid Command, ContentHash Content);

/// <summary>A meter may be used from now on. Its unit never changes.</summary>
public sealed record MeterDeclared(DateTimeOffset At, Guid Command, ContentHash Content, Meter Meter) : CatalogEvent(At, Command, Content);

/// <summary>A plan got its next version. Whoever has an earlier one keeps it.</summary>
public sealed record PlanPublished(DateTimeOffset At, Guid Command, ContentHash Content, Plan Plan) : CatalogEvent(At, Command, Content);

/// <summary>A plan is assigned to nobody any more and gets no further version. Whoever has it keeps it.</summary>
public sealed record PlanRetired(DateTimeOffset At, Guid Command, ContentHash Content, string Plan) : CatalogEvent(At, Command, Content);

/// <summary>Prices that are in force from the book's date on.</summary>
public sealed record PriceBookPublished(DateTimeOffset At, Guid Command, ContentHash Content, PriceBook Book)
    : CatalogEvent(At, Command, Content);
