using System.Text;
using System.Text.Json;
using Metering.Ledger.Accounts;
using Metering.Ledger.Catalog;
using Metering.Ledger.Pricing;
using Metering.Ledger.Stored;
using Metering.Ledger.Windows;
using static Metering.Ledger.Tests.Catalog.CatalogSpec;
using static Metering.Ledger.Tests.Catalog.Samples;

namespace Metering.Ledger.Tests.Stored;

public sealed class CatalogEventsTests
{
    private static readonly LimitGroup Full = Funding() with
    {
        Matches = [new Match("llm.*", Attributes.Of([new("model", "large"), new("cached", "true")]))],
        RolloverMax = 7, CommitAllowance = 3,
        Overage = new(50, TierMode.Volume, [new Tier(10, new(1, 3), 5), new Tier(long.MaxValue, new(2, 3), 0)]),
        Reporting = new("tokens", 1_000, Reports.Charge),
    };

    private static IEnumerable<CatalogEvent> Events()
    {
        yield return Declared(1, Tokens);
        yield return new PlanPublished(May, new(Id(2), new(ulong.MaxValue, 1)), Plan(Full, Cap()) with { Version = 1, LateGrace = TimeSpan.FromDays(2) });
        yield return new PlanRetired(May.AddTicks(1), Cause(3), "pro");
        yield return new PriceBookPublished(May, Cause(4), new(1, May.AddDays(1), "USD", 1_200_000, [Entry() with { Where = Where("model", "large") }]));
    }

    [TestCaseSource(nameof(Events))]
    public void Is_read_as_it_was_written(CatalogEvent @event)
    {
        var (type, data) = CatalogEvents.Encode(@event);
        Assert.That(CatalogEvents.Decode(type, data), Is.EqualTo(@event), Encoding.UTF8.GetString(data));
    }

    [Test]
    public void Every_kind_of_event_has_a_stored_name()
    {
        var kinds = typeof(CatalogEvent).Assembly.GetTypes().Where(type => type.IsSubclassOf(typeof(CatalogEvent)));
        Assert.That(Events().Select(@event => @event.GetType()), Is.EquivalentTo(kinds));
        Assert.That(Events().Select(@event => CatalogEvents.Encode(@event).Type),
            Is.EqualTo(new[] { "meter_declared.v1", "plan_published.v1", "plan_retired.v1", "price_book_published.v1" }));
    }

    [Test]
    public void The_stored_form_stands()
    {
        var (_, data) = CatalogEvents.Encode(new PriceBookPublished(May, Cause(4), new(1, May, "USD", 5, [Entry() with { Where = Where("b", "é") }])));
        Assert.That(Encoding.UTF8.GetString(data), Is.EqualTo(
            """
            {"book":{"version":1,"effective_from":"2026-05-01T00:00:00+00:00","currency":"USD","markup_ppm":5,"entries":[{"meter":"llm.tokens",
            "where":{"b":"\u00E9"},"cost":{"nanos":100,"per":1},"price":{"nanos":150,"per":1}}]},"at":"2026-05-01T00:00:00+00:00",
            "cause":{"command":"00000004-0000-7000-8000-000000000000","content":"00000000000000040000000000000000"}}
            """.ReplaceLineEndings("")));
    }

    [Test]
    public void An_unknown_type_stops_the_reader() =>
        Assert.That(() => CatalogEvents.Decode("meter_declared.v2", "{}"u8), Throws.InvalidOperationException);

    [TestCase("""{"at":"2026-05-01T00:00:00+00:00","cause":{"command":"00000004-0000-7000-8000-000000000000","content":"0"}}""")]
    [TestCase("""{"at":"2026-05-01T00:00:00+00:00","cause":{"command":"00000004-0000-7000-8000-000000000000","content":"0"},"meter":null}""")]
    [TestCase("""{"at":"2026-05-01T00:00:00+00:00","cause":{"command":"00000004-0000-7000-8000-000000000000","content":"x"},"meter":{"name":"a","unit":"b"}}""")]
    public void Incomplete_data_is_refused(string json) =>
        Assert.That(() => CatalogEvents.Decode("meter_declared.v1", Encoding.UTF8.GetBytes(json)), Throws.InstanceOf<JsonException>());

    [TestCase("""{"a":null}""")]
    [TestCase("""["a"]""")]
    [TestCase("null")]
    public void Attributes_are_an_object_without_nulls(string json) =>
        Assert.That(() => JsonSerializer.Deserialize<Attributes>(json), Throws.InstanceOf<JsonException>());

    [TestCase("[null]")]
    [TestCase("{}")]
    public void A_list_is_an_array_without_nulls(string json) =>
        Assert.That(() => JsonSerializer.Deserialize<Items<string>>(json), Throws.InstanceOf<JsonException>());
}
