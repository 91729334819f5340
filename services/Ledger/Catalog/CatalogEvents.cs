using Metering.Ledger.Accounts;

namespace Metering.Ledger.Catalog;

/// <summary>
/// A fact in the one <c>catalog</c> stream. The stored names are in Stored/CatalogEvents.cs: a rename here changes no stream.
/// <paramref name="Cause"/> makes a repeated command answerable for ever: the catalog is small.
/// </summary>
public abstract record CatalogEvent(DateTimeOffset At, Cause Cause);

/// <summary>A meter may be used from now on. Its unit never changes.</summary>
public sealed record MeterDeclared(DateTimeOffset At, Cause Cause, Meter Meter) : CatalogEvent(At, Cause);

/// <summary>A plan got its next version. Whoever has an earlier one keeps it.</summary>
public sealed record PlanPublished(DateTimeOffset At, Cause Cause, Plan Plan) : CatalogEvent(At, Cause);

/// <summary>A plan is assigned to nobody any more, until its next version is published. Whoever has it keeps it.</summary>
public sealed record PlanRetired(DateTimeOffset At, Cause Cause, string Plan) : CatalogEvent(At, Cause);

/// <summary>Prices that are in force from the book's date on.</summary>
public sealed record PriceBookPublished(DateTimeOffset At, Cause Cause, PriceBook Book)
    : CatalogEvent(At, Cause);
