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

    /// <summary>Meters by name.</summary>
    public ImmutableSortedDictionary<string, Meter> Meters { get; private init; } =
        ImmutableSortedDictionary.Create<string, Meter>(StringComparer.Ordinal);

    /// <summary>Price books in order of publication.</summary>
    public ImmutableArray<PriceBook> Books { get; private init; } = [];

    private ImmutableSortedDictionary<string, PlanVersions> Plans { get; init; } =
        ImmutableSortedDictionary.Create<string, PlanVersions>(StringComparer.Ordinal);

    // by currency, in the order in which they take effect
    private ImmutableDictionary<string, ImmutableArray<PriceBook>> InForce { get; init; } = ImmutableDictionary<string, ImmutableArray<PriceBook>>.Empty;

    private ImmutableDictionary<Guid, Remembered> Commands { get; init; } = ImmutableDictionary<Guid, Remembered>.Empty;

    /// <summary>The meter of that name; null = undeclared.</summary>
    public Meter? Meter(string name) => Meters.GetValueOrDefault(name);

    /// <summary>Version <paramref name="version"/> of a plan, or its latest; null = there is none.</summary>
    public Plan? Plan(string id, int? version = null) => Plans.GetValueOrDefault(id)?.Version(version);

    /// <summary>Every plan's latest version, in order of their ids.</summary>
    public IEnumerable<Plan> LatestPlans => Plans.Values.Select(plan => plan.All[^1]);

    /// <summary>True if the plan is assigned to nobody any more.</summary>
    public bool IsRetired(string plan) => Plans.GetValueOrDefault(plan)?.Retired ?? false;

    /// <summary>What a command of this id was answered, and the content that it had; null = it was not seen.</summary>
    public Remembered? Before(Guid command) => Commands.GetValueOrDefault(command);

    /// <summary>
    /// The line's price in every book that is in force at some moment of [<paramref name="from"/>, <paramref name="upto"/>]: books of one
    /// currency follow each other, each from its date until the next one's.
    /// </summary>
    public Items<Rate> Rates(string meter, Attributes attributes, DateTimeOffset from, DateTimeOffset upto)
    {
        List<Rate>? rates = null;
        foreach (var (_, books) in InForce)
            for (var i = 0; i < books.Length && books[i].EffectiveFrom <= upto; i++)
                if ((i + 1 == books.Length || books[i + 1].EffectiveFrom > from) && books[i].Find(meter, attributes) is { } entry)
                    (rates ??= []).Add(RateOf(books[i], entry));
        return rates is null ? Items<Rate>.Empty : rates.ToItems();
    }

    private static Rate RateOf(PriceBook book, PriceEntry entry) =>
        new(book.Version, book.EffectiveFrom, book.Currency, entry.Price, book.MarkupPpm);

    /// <summary>The catalog after one more event.</summary>
    /// <exception cref="InvalidOperationException">The event cannot follow what was folded before.</exception>
    public CatalogState Fold(CatalogEvent @event) => @event switch
    {
        MeterDeclared declared when !Meters.ContainsKey(declared.Meter.Name) =>
            After(@event, new Declared(declared.Meter, true)) with { Meters = Meters.Add(declared.Meter.Name, declared.Meter) },
        PlanPublished { Plan: var plan } when plan.Version == NextVersion(plan.Id) && !IsRetired(plan.Id) =>
            After(@event, new Published(plan, true)) with { Plans = Plans.SetItem(plan.Id, new([.. AllVersions(plan.Id), plan], false)) },
        PlanRetired { Plan: var id } when Plans.ContainsKey(id) && !IsRetired(id) =>
            After(@event, new Retired(id, true)) with { Plans = Plans.SetItem(id, new(AllVersions(id), true)) },
        PriceBookPublished { Book: var book } when book.Version == NextBook =>
            After(@event, new BookPublished(book, true)) with { Books = Books.Add(book), InForce = InForce.SetItem(book.Currency, With(book)) },
        _ => throw new InvalidOperationException($"{@event} cannot follow in this catalog"),
    };

    /// <summary>The version that a plan's next publication gets.</summary>
    public int NextVersion(string plan) => AllVersions(plan).Length + 1;

    /// <summary>The version that the next price book gets.</summary>
    public int NextBook => Books.Length + 1;

    private ImmutableArray<Plan> AllVersions(string plan) => Plans.GetValueOrDefault(plan)?.All ?? [];

    private CatalogState After(CatalogEvent @event, CatalogAnswer answer) => @event.At < At
        ? throw new InvalidOperationException($"{@event} goes back in time")
        : this with { At = @event.At, Commands = Commands.Add(@event.Command, new(@event.Content, answer)) };

    // of two books for the same moment the one published later counts: the stable order puts it last
    private ImmutableArray<PriceBook> With(PriceBook book) =>
        [.. InForce.GetValueOrDefault(book.Currency, []).Add(book).OrderBy(one => one.EffectiveFrom)];

    private sealed record PlanVersions(ImmutableArray<Plan> All, bool Retired)
    {
        public Plan? Version(int? version) => (version ?? All.Length) is var wanted && wanted >= 1 && wanted <= All.Length ? All[wanted - 1] : null;
    }
}

/// <summary>The content of a command that was executed, and what it is answered when it comes again.</summary>
public sealed record Remembered(ContentHash Content, CatalogAnswer Answer);
