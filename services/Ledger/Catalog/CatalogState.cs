using System.Collections.Immutable;
using Metering.Ledger.Accounts;

namespace Metering.Ledger.Catalog;

/// <summary>
/// The catalog as of its last event: what may be metered, which plans and prices there are. Immutable, so that requests may read it while
/// the next is folded.
/// </summary>
public sealed record CatalogState
{
    public static readonly CatalogState Empty = new();

    /// <summary>The last event's time: the next one's is never before it (rule 14).</summary>
    public DateTimeOffset At { get; private init; } = DateTimeOffset.MinValue;

    /// <summary>Price books in order of publication, which is the order in which they take effect.</summary>
    public ImmutableArray<PriceBook> Books { get; private init; } = [];

    private ImmutableSortedDictionary<string, Declared> Declarations { get; init; } = ByName<Declared>();
    private ImmutableSortedDictionary<string, PlanVersions> Versions { get; init; } = ByName<PlanVersions>();
    private ImmutableDictionary<Guid, Remembered> Commands { get; init; } = ImmutableDictionary<Guid, Remembered>.Empty;

    /// <summary>The meters in order of their names.</summary>
    public IEnumerable<Meter> Meters => Declarations.Values.Select(declared => declared.Meter);

    /// <summary>Every plan's latest version, in order of their ids.</summary>
    public IEnumerable<PublishedPlan> Plans => Versions.Values.Select(plan => plan[plan.Count]!);

    /// <summary>The meter of that name; null = undeclared.</summary>
    public Meter? Meter(string name) => Declaration(name)?.Meter;

    /// <summary>The meter of that name, and when it was declared; null = undeclared.</summary>
    public Declared? Declaration(string meter) => Declarations.GetValueOrDefault(meter);

    /// <summary>Version <paramref name="version"/> of a plan, or its latest; null = there is none.</summary>
    public PublishedPlan? Plan(string id, int? version = null) => Versions.GetValueOrDefault(id) is { } plan ? plan[version ?? plan.Count] : null;

    /// <summary>The version that a plan's next publication gets.</summary>
    public int NextVersion(string plan) => (Versions.GetValueOrDefault(plan)?.Count ?? 0) + 1;

    /// <summary>What a command of this id was answered, and the content that it had; null = it was not seen.</summary>
    public Remembered? Before(Guid command) => Commands.GetValueOrDefault(command);

    /// <summary>The price book in force at a moment; null = none was yet.</summary>
    public PriceBook? BookAt(DateTimeOffset at) => InForceAt(at) is var i and >= 0 ? Books[i] : null;

    /// <summary>
    /// The line's price in every book that is in force at some moment of [<paramref name="from"/>, <paramref name="upto"/>]: each is from its
    /// date until the next one's. A book without a price for the line has no rate.
    /// </summary>
    public Items<Rate> Rates(string meter, Attributes attributes, DateTimeOffset from, DateTimeOffset upto)
    {
        List<Rate>? rates = null;
        for (var i = Math.Max(0, InForceAt(from)); i < Books.Length && Books[i].EffectiveFrom <= upto; i++)
            if (!IsReplacedAtOnce(i) && Books[i].Find(meter, attributes) is { } entry) (rates ??= []).Add(RateOf(i, entry));
        return rates is null ? Items<Rate>.Empty : rates.ToItems();
    }

    private int InForceAt(DateTimeOffset at)
    {
        var i = Books.Length - 1;
        while (i >= 0 && Books[i].EffectiveFrom > at) i--;
        return i;
    }

    private bool IsReplacedAtOnce(int book) => book + 1 < Books.Length && Books[book + 1].EffectiveFrom == Books[book].EffectiveFrom;

    private Rate RateOf(int i, PriceEntry entry) => new(
        Books[i].Version, Books[i].EffectiveFrom, i + 1 < Books.Length ? Books[i + 1].EffectiveFrom : DateTimeOffset.MaxValue, Books[i].Currency,
        entry.Price, Books[i].MarkupPpm);

    /// <summary>The catalog after one more event.</summary>
    /// <exception cref="InvalidOperationException">The event cannot follow what was folded before.</exception>
    public CatalogState Fold(CatalogEvent @event) => @event switch
    {
        _ when @event.At < At => throw new InvalidOperationException($"{@event} goes back in time"),
        MeterDeclared { Meter: var meter } when Meter(meter.Name) is null => After(@event, new Declared(meter, @event.At, true)),
        PlanPublished { Plan: var plan } when plan.Version == NextVersion(plan.Id) => After(@event, new Published(plan, @event.At, true)),
        PlanRetired { Plan: var id } when Plan(id) is { RetiredAt: null } => After(@event, new Retired(id, @event.At, true)),
        PriceBookPublished { Book: var book } when book.Version == Books.Length + 1 && !(book.EffectiveFrom < Books.LastOrDefault()?.EffectiveFrom) =>
            After(@event, new BookPublished(book, @event.At, true)),
        _ => throw new InvalidOperationException($"{@event} cannot follow in this catalog"),
    };

    private CatalogState After(CatalogEvent @event, CatalogAnswer fact)
    {
        var next = this with { At = @event.At, Commands = Commands.Add(@event.Cause.Command, new(@event.Cause.Content, fact)) };
        return fact switch
        {
            Declared declared => next with { Declarations = Declarations.Add(declared.Meter.Name, declared) },
            Published published => next with { Versions = Versions.SetItem(published.Plan.Id, Of(published.Plan.Id).With(published)) },
            Retired retired => next with { Versions = Versions.SetItem(retired.Plan, Of(retired.Plan) with { RetiredAt = retired.At }) },
            BookPublished published => next with { Books = Books.Add(published.Book) },
            _ => throw new InvalidOperationException($"nothing to fold in {fact}"),
        };
    }

    private PlanVersions Of(string plan) => Versions.GetValueOrDefault(plan) ?? new([], null);

    private static ImmutableSortedDictionary<string, T> ByName<T>() => ImmutableSortedDictionary.Create<string, T>(StringComparer.Ordinal);

    private sealed record PlanVersions(ImmutableArray<Published> All, DateTimeOffset? RetiredAt)
    {
        public int Count => All.Length;

        public PublishedPlan? this[int version] =>
            version >= 1 && version <= All.Length ? new(All[version - 1].Plan, All[version - 1].At, RetiredAt) : null;

        // a next version puts a retired plan on the list again
        public PlanVersions With(Published version) => new(All.Add(version), null);
    }
}

/// <summary>A version of a plan, when it was published, and since when its plan is assigned to nobody any more.</summary>
public sealed record PublishedPlan(Plan Plan, DateTimeOffset PublishedAt, DateTimeOffset? RetiredAt);

/// <summary>The content of a command that was executed, and what it is answered when it comes again.</summary>
public sealed record Remembered(ContentHash Content, CatalogAnswer Answer);
