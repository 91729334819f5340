using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Metering.Ledger.Catalog;
using Metering.Ledger.Pricing;
using Metering.V1;
using Entry = Metering.V1.PriceEntry;
using Meter = Metering.V1.Meter;

namespace Metering.Cli;

/// <summary>
/// A price map on its way into the catalog. A price book is all prices, not a change to the last ones, and takes effect as a whole: so an
/// import is one command, and what the last book prices beyond the map is never dropped unasked.
/// </summary>
internal sealed class PriceImport(Session session, string file, PriceMap map, long markupPpm, Timestamp? effective)
{
    private const string TokenUnit = "tokens";
    private const int Shown = 5;

    // what a server takes by default
    private const int BytesMost = 4 * 1024 * 1024;

    private static readonly Timestamp EndOfTime = DateTimeOffset.MaxValue.ToTimestamp();

    private readonly PublishPriceBookRequest request = new()
    {
        Currency = PriceMap.Currency, MarkupPpm = markupPpm, EffectiveFrom = effective,
    };

    private List<string> undeclared = [];
    private int kept;
    private int dropped;
    private PublishPriceBookReply? published;

    /// <summary>Finds out all that is to be done and whether it can be. Changes nothing.</summary>
    /// <exception cref="BadInputException">It cannot.</exception>
    public async Task Prepare(bool keep, bool replace, CancellationToken cancellation)
    {
        if (map.Entries.Count == 0) throw new BadInputException($"FILE: expected a model with a price per token; {file} has none");
        request.Entries.AddRange(map.Entries.Select(EntryOf));
        await Follow(keep, replace, cancellation);
        var meters = (await Verbs.MetersVerb.All(session, cancellation)).ToDictionary(meter => meter.Name, meter => meter.Unit);
        var used = map.Entries.Select(entry => entry.Meter).Distinct().ToList();
        undeclared = used.Where(meter => !meters.ContainsKey(meter)).ToList();
        if (used.Find(meter => meters.TryGetValue(meter, out var unit) && unit != TokenUnit) is { } other)
            throw new BadInputException($"--map: expected a meter in {TokenUnit}; {other} is in {meters[other]}");
        if (request.Entries.Count > PriceRules.EntriesMost || request.CalculateSize() > BytesMost)
            throw new BadInputException($"FILE: expected at most {PriceRules.EntriesMost} prices in {BytesMost} bytes: all of a book");
    }

    /// <summary>Declares the meters that are missing and publishes the book.</summary>
    public async Task Publish(CancellationToken cancellation)
    {
        foreach (var meter in undeclared)
        {
            var declare = new DeclareMeterRequest { Meter = new Meter { Name = meter, Unit = TokenUnit } };
            await session.Ask(call => session.Catalog.DeclareMeterAsync(declare, call), cancellation);
        }
        request.CommandId = session.NewId();
        published = await session.Ask(call => session.Catalog.PublishPriceBookAsync(request, call), cancellation);
    }

    /// <summary>Says what was not imported, then what was.</summary>
    public void Show()
    {
        foreach (var left in map.LeftOut) session.Screen.Record(new { Kind = "left_out", left.Model, left.Field, left.Reason });
        session.Screen.Table(
            ["not imported: model", "fields", "reason"],
            map.LeftOut.GroupBy(left => (left.Model, left.Reason)).Select(group => new[]
            {
                group.Key.Model, string.Join(", ", group.Select(left => left.Field)), group.Key.Reason,
            }));
        session.Screen.Record(new
        {
            Kind = "import", DryRun = published is null, Models = Models(), Prices = map.Entries.Count, LeftOut = map.LeftOut.Count,
            DeclaredMeters = undeclared, Kept = kept, Dropped = dropped, MarkupPpm = markupPpm, published?.Book.Version,
            EffectiveFrom = published is null ? null : Words.Time(published.Book.EffectiveFrom),
        });
        foreach (var line in Summary()) session.Screen.Say(line);
    }

    private IEnumerable<string> Summary()
    {
        yield return $"{Words.Count(map.Entries.Count)} prices of {Words.Count(Models())} models; " +
            $"not imported: {Words.Count(map.LeftOut.Count)} fields";
        if (undeclared.Count > 0) yield return $"{(published is null ? "to declare" : "declared")}: {string.Join(", ", undeclared)}";
        if (kept + dropped > 0) yield return $"of the last price book: {Words.Count(kept)} prices kept, {Words.Count(dropped)} dropped";
        yield return published is null
            ? "dry run: nothing was changed"
            : $"price book {published.Book.Version}, × {Markup(markupPpm)}, in force from {Words.Time(published.Book.EffectiveFrom)}";
    }

    private static string Markup(long ppm) => Words.Money(ppm * 1_000);

    private int Models() => map.Entries.Select(entry => entry.Where).Distinct().Count();

    // a model that is no longer priced is a caller who is denied
    private async Task Follow(bool keep, bool replace, CancellationToken cancellation)
    {
        if (await LastBook(cancellation) is not { } last) return;
        var known = request.Entries.Select(KeyOf).ToHashSet();
        var beyond = last.Entries.Where(entry => !known.Contains(KeyOf(entry))).ToList();
        if (beyond.Count > 0 && !keep && !replace) throw new BadInputException(Lost(last, beyond));
        (kept, dropped) = keep ? (beyond.Count, 0) : (0, beyond.Count);
        if (kept == 0) return;
        if (last.Currency != request.Currency)
            throw new BadInputException($"--keep: expected a last book in {request.Currency}; it is in {last.Currency}");
        if (last.MarkupPpm != markupPpm)
            throw new BadInputException($"--markup: expected {Markup(last.MarkupPpm)}, that of the prices to keep");
        request.Entries.AddRange(beyond);
    }

    private async Task<Metering.V1.PriceBook?> LastBook(CancellationToken cancellation)
    {
        try
        {
            var ask = new GetPriceBookRequest { At = EndOfTime };
            return (await session.Ask(call => session.Catalog.GetPriceBookAsync(ask, call), cancellation)).Book;
        }
        catch (RpcException none) when (none.StatusCode == StatusCode.NotFound)
        {
            return null;
        }
    }

    private static string Lost(Metering.V1.PriceBook last, List<Entry> beyond)
    {
        var some = string.Join("; ", beyond.Take(Shown).Select(entry => $"{entry.Meter} {Words.Attributes(entry.Attributes)}".TrimEnd()));
        return $"--keep, --replace: expected one of them: price book {last.Version} has {Words.Count(beyond.Count)} prices " +
            $"that the map does not have: {some}{(beyond.Count > Shown ? "; …" : "")}";
    }

    private static (string Meter, string Attributes) KeyOf(Entry entry) => (entry.Meter, Words.Attributes(entry.Attributes));

    private static Entry EntryOf(Ledger.Catalog.PriceEntry entry)
    {
        var sent = new Entry { Meter = entry.Meter, Cost = PriceOf(entry.Cost), Price = PriceOf(entry.Price) };
        foreach (var (key, value) in entry.Where.Pairs) sent.Attributes.Add(key, value);
        return sent;
    }

    private static Metering.V1.Price PriceOf(Ledger.Pricing.Price price) => new() { Nanos = price.Nanos, Per = price.Per };
}
