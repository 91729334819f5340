using Metering.Ledger.Accounts;
using Metering.Ledger.Catalog;
using static Metering.Ledger.Tests.Catalog.CatalogSpec;
using static Metering.Ledger.Tests.Catalog.Samples;

namespace Metering.Ledger.Tests.Catalog;

public sealed class CatalogStateTests
{
    private static readonly Plan First = Plan(Funding()) with { Version = 1 };

    [Test]
    public void Plans_are_found_by_id_and_version()
    {
        var second = First with { Version = 2, BaseFee = 5 };
        var state = Folded(Declared(1, Tokens), Published(2, First), Published(3, second));
        Assert.Multiple(() =>
        {
            Assert.That(state.Plan("pro"), Is.EqualTo(second));
            Assert.That(state.Plan("pro", 1), Is.EqualTo(First));
            Assert.That(state.Plan("pro", 0), Is.Null);
            Assert.That(state.Plan("pro", 3), Is.Null);
            Assert.That(state.Plan("basic"), Is.Null);
            Assert.That(state.LatestPlans, Is.EqualTo(new[] { second }));
        });
    }

    [Test]
    public void Rates_are_those_of_every_book_in_force_in_the_time_asked_for()
    {
        var state = Folded(
            Declared(1, Tokens), Book(2, 1, "USD", 0, 10), Book(3, 2, "USD", 20, 12), Book(4, 3, "USD", 10, 11), Book(5, 4, "EUR", 0, 9));
        Assert.Multiple(() =>
        {
            Assert.That(Nanos(state, 9, 9), Is.EquivalentTo(new[] { ("USD", 10), ("EUR", 9) }));
            Assert.That(Nanos(state, 10, 10), Is.EquivalentTo(new[] { ("USD", 11), ("EUR", 9) }), "in force from its first moment on");
            Assert.That(Nanos(state, 0, 10), Is.EquivalentTo(new[] { ("USD", 10), ("USD", 11), ("EUR", 9) }));
            Assert.That(Nanos(state, 0, 99), Is.EquivalentTo(new[] { ("USD", 10), ("USD", 11), ("USD", 12), ("EUR", 9) }));
            Assert.That(Nanos(state, 30, 99), Is.EquivalentTo(new[] { ("USD", 12), ("EUR", 9) }));
            Assert.That(Nanos(state, -10, -1), Is.Empty);
            Assert.That(state.Rates("image.render", Attributes.None, May, May), Is.Empty);
        });
    }

    [Test]
    public void Of_two_books_for_the_same_moment_the_later_published_counts()
    {
        var state = Folded(Declared(1, Tokens), Book(2, 1, "USD", 0, 10), Book(3, 2, "USD", 0, 11));
        Assert.That(Nanos(state, 0, 5), Is.EqualTo(new[] { ("USD", 11) }));
    }

    [Test]
    public void Impossible_events_are_not_folded()
    {
        var state = Folded(Declared(1, Tokens), Published(2, First));
        Assert.Multiple(() =>
        {
            Assert.That(() => state.Fold(Declared(9, Tokens)), Throws.InvalidOperationException);
            Assert.That(() => state.Fold(Published(9, First)), Throws.InvalidOperationException);
            Assert.That(() => state.Fold(new PlanRetired(May, Id(9), Hash(9), "basic")), Throws.InvalidOperationException);
            Assert.That(() => state.Fold(Book(9, 2, "USD", 0, 1)), Throws.InvalidOperationException);
            Assert.That(() => state.Fold(Declared(9, Images) with { At = May.AddTicks(-1) }), Throws.InvalidOperationException);
            Assert.That(() => state.Fold(new Unknown(May, Id(9), Hash(9))), Throws.InvalidOperationException);
        });
    }

    private static IEnumerable<(string, long)> Nanos(CatalogState state, int from, int upto) =>
        state.Rates("llm.tokens", Attributes.None, May.AddMinutes(from), May.AddMinutes(upto)).Select(rate => (rate.Currency, rate.Price.Nanos));

    private static PlanPublished Published(int number, Plan plan) => new(May, Id(number), Hash(number), plan);

    private static PriceBookPublished Book(int number, int version, string currency, int minutes, long nanos) =>
        new(May, Id(number), Hash(number), new(version, May.AddMinutes(minutes), currency, 1_000_000, [Entry(nanos: nanos)]));

    private sealed record Unknown(DateTimeOffset At, Guid Command, ContentHash Content) : CatalogEvent(At, Command, Content);
}
