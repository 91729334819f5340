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
            Assert.That(state.Plan("pro"), Is.EqualTo(new PublishedPlan(second, May, null)));
            Assert.That(state.Plan("pro", 1), Is.EqualTo(new PublishedPlan(First, May, null)));
            Assert.That(state.Plan("pro", 0), Is.Null);
            Assert.That(state.Plan("pro", 3), Is.Null);
            Assert.That(state.Plan("basic"), Is.Null);
            Assert.That(state.Plans, Is.EqualTo(new[] { new PublishedPlan(second, May, null) }));
        });
    }

    [Test]
    public void The_next_version_puts_a_retired_plan_on_the_list_again()
    {
        var retired = Folded(Declared(1, Tokens), Published(2, First), new PlanRetired(May.AddDays(1), Cause(3), "pro"));
        Assert.That(retired.Plan("pro", 1)!.RetiredAt, Is.EqualTo(May.AddDays(1)));
        var again = retired.Fold(Published(4, First with { Version = 2 }) with { At = May.AddDays(2) });
        Assert.That(again.Plan("pro", 1)!.RetiredAt, Is.Null);
    }

    [TestCase(9, 9, new long[] { 10 })]
    [TestCase(10, 10, new long[] { 11 })]
    [TestCase(0, 10, new long[] { 10, 11 })]
    [TestCase(0, 99, new long[] { 10, 11, 12 })]
    [TestCase(19, 20, new long[] { 11, 12 })]
    [TestCase(30, 99, new long[] { 12 })]
    [TestCase(-10, -1, new long[0])]
    public void Rates_are_those_of_every_book_in_force_in_the_time_asked_for(int from, int upto, long[] nanos)
    {
        var state = Folded(Declared(1, Tokens), Book(2, 1, 0, 10), Book(3, 2, 10, 11), Book(4, 3, 20, 12));
        Assert.That(Nanos(state, from, upto), Is.EqualTo(nanos));
    }

    [Test]
    public void A_book_without_a_price_for_the_line_is_in_force_all_the_same()
    {
        var other = new PriceBookPublished(May, Cause(4), new(2, May.AddMinutes(10), "USD", 1_000_000, [Entry("image.render")]));
        var state = Folded(Declared(1, Tokens), Declared(2, Images), Book(3, 1, 0, 10), other);
        Assert.That(Nanos(state, 10, 20), Is.Empty);
        Assert.That(Nanos(state, 9, 20), Is.EqualTo(new[] { 10 }));
    }

    [Test]
    public void Of_two_books_for_the_same_moment_the_later_published_counts()
    {
        var state = Folded(Declared(1, Tokens), Book(2, 1, 0, 10), Book(3, 2, 0, 11));
        Assert.That(Nanos(state, 0, 5), Is.EqualTo(new[] { 11 }));
        Assert.That(Nanos(state, -1, 5), Is.EqualTo(new[] { 11 }));
        Assert.That(state.BookAt(May)!.Version, Is.EqualTo(2));
        Assert.That(state.BookAt(May.AddTicks(-1)), Is.Null);
    }

    [Test]
    public void Impossible_events_are_not_folded()
    {
        var state = Folded(Declared(1, Tokens), Published(2, First));
        Assert.Multiple(() =>
        {
            Assert.That(() => state.Fold(Declared(9, Tokens)), Throws.InvalidOperationException);
            Assert.That(() => state.Fold(Published(9, First)), Throws.InvalidOperationException);
            Assert.That(() => state.Fold(new PlanRetired(May, Cause(9), "basic")), Throws.InvalidOperationException);
            Assert.That(() => state.Fold(Book(9, 2, 0, 1)), Throws.InvalidOperationException);
            Assert.That(() => state.Fold(Book(9, 1, 5, 1)).Fold(Book(10, 2, 4, 1)), Throws.InvalidOperationException);
            Assert.That(() => state.Fold(Declared(9, Images) with { At = May.AddTicks(-1) }), Throws.InvalidOperationException);
            Assert.That(() => state.Fold(new Unknown(May, Cause(9))), Throws.InvalidOperationException);
        });
    }

    private static IEnumerable<long> Nanos(CatalogState state, int from, int upto) =>
        state.Rates("llm.tokens", Attributes.None, May.AddMinutes(from), May.AddMinutes(upto)).Select(rate => rate.Price.Nanos);

    private static PlanPublished Published(int number, Plan plan) => new(May, Cause(number), plan);

    private static PriceBookPublished Book(int number, int version, int minutes, long nanos) =>
        new(May, Cause(number), new(version, May.AddMinutes(minutes), "USD", 1_000_000, [Entry(nanos: nanos)]));

    private sealed record Unknown(DateTimeOffset At, Cause Cause) : CatalogEvent(At, Cause);
}
