using Metering.Ledger.Accounts;
using Metering.Ledger.Catalog;
using static Metering.Ledger.Tests.Catalog.CatalogSpec;
using static Metering.Ledger.Tests.Catalog.Samples;

namespace Metering.Ledger.Tests.Catalog;

public sealed class CatalogDecisionsTests
{
    private static readonly CatalogEvent[] Meters = [Declared(1, Tokens), Declared(2, Images)];
    private static readonly Plan Pro = Plan(Funding());

    [Test]
    public void A_meter_is_declared() =>
        Given().When(new DeclareMeter(Id(1), Hash(1), Tokens)).Then(Samples.Declared(1, Tokens), new Declared(Tokens, May));

    [Test]
    public void The_same_meter_again_changes_nothing() =>
        Given(Meters).When(new DeclareMeter(Id(9), Hash(9), Tokens)).ThenNothing(new Declared(Tokens, May, true));

    [Test]
    public void A_meter_keeps_its_unit() =>
        Given(Meters).When(new DeclareMeter(Id(9), Hash(9), Tokens with { Unit = "count" })).ThenRefused(RefusalKind.OtherContent, "meter.unit");

    [TestCase("", "tokens", "meter.name")]
    [TestCase("LLM", "tokens", "meter.name")]
    [TestCase("llm tokens", "tokens", "meter.name")]
    [TestCase("llm.*", "tokens", "meter.name")]
    [TestCase("llm.tokens\n", "tokens", "meter.name")]
    [TestCase("llm.tokens", "", "meter.unit")]
    [TestCase("llm.tokens", "USD", "meter.unit")]
    public void A_meter_has_a_plain_name_and_unit(string name, string unit, string field) =>
        Given().When(new DeclareMeter(Id(1), Hash(1), new Meter(name, unit))).ThenRefused(RefusalKind.Invalid, field);

    [Test]
    public void A_meter_name_may_have_128_characters_and_no_more()
    {
        Given().When(new DeclareMeter(Id(1), Hash(1), new Meter(new('a', 129), "tokens"))).ThenRefused(RefusalKind.Invalid, "meter.name");
        var longest = new Meter(new('a', 128), "tokens");
        Given().When(new DeclareMeter(Id(1), Hash(1), longest)).Then(Samples.Declared(1, longest), new Declared(longest, May));
    }

    [Test]
    public void A_plan_begins_with_version_1() =>
        Given(Meters).When(new PublishPlan(Id(3), Hash(3), Pro)).Then(PlanPublished(3, Pro, 1), new Published(Pro with { Version = 1 }, May));

    [Test]
    public void New_content_is_the_next_version()
    {
        var changed = Pro with { BaseFee = 5 };
        Given([.. Meters, PlanPublished(3, Pro, 1)]).When(new PublishPlan(Id(4), Hash(4), changed))
            .Then(PlanPublished(4, changed, 2), new Published(changed with { Version = 2 }, May));
    }

    [Test]
    public void The_latest_content_again_changes_nothing() =>
        Given([.. Meters, PlanPublished(3, Pro, 1)]).When(new PublishPlan(Id(4), Hash(4), Plan(Funding())))
            .ThenNothing(new Published(Pro with { Version = 1 }, May, true));

    [Test]
    public void Earlier_content_again_is_a_new_version() =>
        Given([.. Meters, PlanPublished(3, Pro, 1), PlanPublished(4, Pro with { BaseFee = 5 }, 2)]).When(new PublishPlan(Id(5), Hash(5), Pro))
            .Then(PlanPublished(5, Pro, 3), new Published(Pro with { Version = 3 }, May));

    [Test]
    public void A_plan_is_retired_once()
    {
        var retired = new PlanRetired(May, Cause(4), "pro");
        CatalogEvent[] published = [.. Meters, PlanPublished(3, Pro, 1)];
        Given(published).When(new RetirePlan(Id(4), Hash(4), "pro")).Then(retired, new Retired("pro", May));
        Given([.. published, retired]).When(new RetirePlan(Id(5), Hash(5), "pro")).ThenNothing(new Retired("pro", May, true));
        Given([.. published, retired]).When(new PublishPlan(Id(5), Hash(5), Pro)).Then(PlanPublished(5, Pro, 2), new Published(Pro with { Version = 2 }, May));
    }

    [Test]
    public void An_unknown_plan_cannot_be_retired() =>
        Given(Meters).When(new RetirePlan(Id(4), Hash(4), "pro")).ThenRefused(RefusalKind.NotFound, "plan_id");

    [Test]
    public void Prices_take_effect_after_5_seconds_at_the_earliest()
    {
        Given(Meters).When(Publish(null)).Then(BookPublished(3, 1, May.AddSeconds(5)), new BookPublished(Book(1, May.AddSeconds(5)), May));
        Given(Meters).When(Publish(May.AddSeconds(5))).Then(BookPublished(3, 1, May.AddSeconds(5)), new BookPublished(Book(1, May.AddSeconds(5)), May));
        Given(Meters).When(Publish(May.AddSeconds(5).AddTicks(-1))).ThenRefused(RefusalKind.Invalid, "effective_from");
    }

    [Test]
    public void Prices_take_effect_after_the_last_event_when_the_clock_went_back() =>
        Given(Meters).When(Publish(null), May.AddHours(-1)).Then(BookPublished(3, 1, May.AddSeconds(5)), new BookPublished(Book(1, May.AddSeconds(5)), May));

    [Test]
    public void Price_books_follow_each_other()
    {
        CatalogEvent[] published = [.. Meters, BookPublished(3, 1, May.AddDays(2))];
        Given(published).When(Publish(May.AddDays(1), 4)).ThenRefused(RefusalKind.Invalid, "effective_from");
        Given(published).When(Publish(null, 4)).Then(BookPublished(4, 2, May.AddDays(2)), new BookPublished(Book(2, May.AddDays(2)), May));
    }

    [TestCase("dollars", 1, "llm.tokens", 1, 1, "currency")]
    [TestCase("USD", -1, "llm.tokens", 1, 1, "markup_ppm")]
    [TestCase("USD", 1, "llm.other", 1, 1, "entries[1].meter")]
    [TestCase("USD", 1, "llm.tokens", -1, 1, "entries[1].price.nanos")]
    [TestCase("USD", 1, "llm.tokens", 1, 0, "entries[1].price.per")]
    [TestCase("USD", 1, "image.render", 1, 1, "entries[1]")]
    public void A_price_book_is_checked(string currency, long markup, string meter, long nanos, long per, string field) =>
        Given(Meters).When(new PublishPriceBook(Id(3), Hash(3), currency, markup,
                [Entry("image.render"), Entry(meter) with { Price = new(nanos, per) }], null))
            .ThenRefused(RefusalKind.Invalid, field);

    [Test]
    public void A_price_book_has_entries() =>
        Given(Meters).When(new PublishPriceBook(Id(3), Hash(3), "USD", 1, [], null)).ThenRefused(RefusalKind.Invalid, "entries");

    [Test]
    public void A_repeated_command_is_answered_as_before()
    {
        CatalogEvent[] history = [.. Meters, PlanPublished(3, Pro, 1), PlanPublished(4, Pro with { BaseFee = 5 }, 2), BookPublished(5, 1, May)];
        Given(history).When(new DeclareMeter(Id(1), Hash(1), Tokens)).ThenNothing(new Declared(Tokens, May, true));
        Given(history).When(new PublishPlan(Id(3), Hash(3), Pro)).ThenNothing(new Published(Pro with { Version = 1 }, May, true));
        Given(history).When(Publish(null, 5)).ThenNothing(new BookPublished(Book(1, May), May, true));
    }

    [Test]
    public void A_command_id_is_used_for_one_content() =>
        Given(Meters).When(new DeclareMeter(Id(1), Hash(7), Images)).ThenRefused(RefusalKind.OtherContent, "command_id");

    private static PublishPriceBook Publish(DateTimeOffset? from, int number = 3) => new(Id(number), Hash(number), "USD", 1_000_000, [Entry()], from);

    private static PriceBook Book(int version, DateTimeOffset from) => new(version, from, "USD", 1_000_000, [Entry()]);

    private static PriceBookPublished BookPublished(int number, int version, DateTimeOffset from) =>
        new(May, Cause(number), Book(version, from));

    private static PlanPublished PlanPublished(int number, Plan plan, int version) =>
        new(May, Cause(number), plan with { Version = version });
}
