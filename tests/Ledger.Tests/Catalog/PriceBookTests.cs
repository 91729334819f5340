using Metering.Ledger.Accounts;
using Metering.Ledger.Catalog;

namespace Metering.Ledger.Tests.Catalog;

public class PriceBookTests
{
    private static readonly string[] Values = ["", "a", "b"];

    [TestCase("llm.tokens", "", 1)]
    [TestCase("llm.tokens", "model=large", 2)]
    [TestCase("llm.tokens", "model=large,region=eu", 3)]
    [TestCase("llm.tokens", "model=large,region=us", 2)]
    [TestCase("llm.tokens", "model=large,tier=batch", 2, Description = "of two entries with as many attributes, the first")]
    [TestCase("llm.tokens", "tier=batch", 4)]
    [TestCase("llm.tokens", "model=small", 1)]
    [TestCase("image.render", "model=large", null)]
    public void The_entry_with_the_most_attributes_counts(string meter, string attributes, int? expected)
    {
        var book = Book(Of("", 1), Of("model=large", 2), Of("model=large,region=eu", 3), Of("tier=batch", 4));
        Assert.That(book.Find(meter, Where(attributes))?.Price.Nanos, Is.EqualTo((long?)expected));
    }

    /// <summary>The index answers what going through all entries would, whatever the entries ask for.</summary>
    [FsCheck.NUnit.Property(MaxTest = 300)]
    public bool The_index_finds_what_a_search_of_all_entries_finds(int seed)
    {
        var random = new Random(seed);
        var book = Book(Enumerable.Range(1, random.Next(12)).Select(n => Of(Some(random), n)).DistinctBy(entry => entry.Where).ToArray());
        var line = Where(Some(random));
        return book.Find("llm.tokens", line) == Searched(book, line) && book.Find("other", line) is null;
    }

    [Test]
    public void Having_been_searched_makes_no_book_different()
    {
        var (one, other) = (Book(Of("model=large", 1)), Book(Of("model=large", 1)));
        one.Find("llm.tokens", Attributes.None);
        Assert.That(one, Is.EqualTo(other));
    }

    [Test]
    public void A_book_larger_than_a_store_takes_at_once_is_refused()
    {
        var entries = Enumerable.Range(0, 9_000).Select(n => Of($"model={new string('m', 60)}{n}", n)).ToItems();
        CatalogSpec.Given(Samples.Declared(1, Samples.Tokens))
            .When(new PublishPriceBook(Samples.Id(2), Samples.Hash(2), "USD", 1, entries, null))
            .ThenRefused(RefusalKind.Invalid, "entries");
    }

    private static PriceEntry? Searched(PriceBook book, Attributes line) =>
        book.Entries.Where(entry => line.Have(entry.Where)).OrderByDescending(entry => entry.Where.Count).FirstOrDefault();

    private static string Some(Random random) => string.Join(",", new[] { "model", "region", "tier" }
        .Select(key => (key, value: Values[random.Next(Values.Length)]))
        .Where(pair => pair.value != "").Select(pair => $"{pair.key}={pair.value}"));

    private static PriceBook Book(params PriceEntry[] entries) => new(1, CatalogSpec.May, "USD", 1_000_000, entries.ToItems());

    private static PriceEntry Of(string where, long nanos) => new("llm.tokens", Where(where), new(nanos, 1), new(nanos, 1));

    private static Attributes Where(string text) => Attributes.Of(text.Split(',', StringSplitOptions.RemoveEmptyEntries)
        .Select(pair => pair.Split('=')).Select(pair => KeyValuePair.Create(pair[0], pair[1])));
}
