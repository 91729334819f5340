using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Metering.Ledger.Accounts;
using Metering.Ledger.Stored;

namespace Metering.Ledger.Tests.Stored;

/// <summary>
/// What is stored can be read for ever. A test that fails here means that streams written before cannot be read, or are written differently now:
/// give the new shape the next version's name and leave the files as they are.
/// </summary>
public sealed class GoldenFixtureTests
{
    private static IEnumerable<string> LedgerFiles() => Examples.OfLedger.Keys;
    private static IEnumerable<string> CatalogFiles() => Examples.OfCatalog.Keys;

    /// <summary>The stored name is the file's up to the version: <c>reserved.v1.minimal</c> is a <c>reserved.v1</c>.</summary>
    private static string TypeOf(string file) => string.Join('.', file.Split('.').Take(2));

    [TestCaseSource(nameof(LedgerFiles))]
    public void A_ledger_event_is_read_and_written_as_its_file_says(string file)
    {
        var bytes = Fixtures.Read("ledger", file, LedgerEvents.Encode(Examples.OfLedger[file]).Data);
        Assert.That(LedgerEvents.Decode(TypeOf(file), bytes), Is.EqualTo(Examples.OfLedger[file]));
        var (type, data) = LedgerEvents.Encode(Examples.OfLedger[file]);
        Assert.That(type, Is.EqualTo(TypeOf(file)));
        Assert.That(Encoding.UTF8.GetString(data.Span), Is.EqualTo(Encoding.UTF8.GetString(bytes)));
    }

    [TestCaseSource(nameof(CatalogFiles))]
    public void A_catalog_event_is_read_and_written_as_its_file_says(string file)
    {
        var bytes = Fixtures.Read("catalog", file, CatalogEvents.Encode(Examples.OfCatalog[file]).Data);
        Assert.That(CatalogEvents.Decode(TypeOf(file), bytes), Is.EqualTo(Examples.OfCatalog[file]));
        var (type, data) = CatalogEvents.Encode(Examples.OfCatalog[file]);
        Assert.That(type, Is.EqualTo(TypeOf(file)));
        Assert.That(Encoding.UTF8.GetString(data), Is.EqualTo(Encoding.UTF8.GetString(bytes)));
    }

    [Test]
    public void Every_file_is_an_example_and_every_example_has_its_file()
    {
        Assert.That(Fixtures.NamesOf("ledger"), Is.EqualTo(Examples.OfLedger.Keys));
        Assert.That(Fixtures.NamesOf("catalog"), Is.EqualTo(Examples.OfCatalog.Keys));
    }

    [Test]
    public void Every_stored_name_has_an_example()
    {
        Assert.That(Examples.OfLedger.Keys.Select(TypeOf).Distinct(), Is.EquivalentTo(LedgerEvents.Names));
        Assert.That(Examples.OfCatalog.Values.Select(one => one.GetType()).Distinct(),
            Is.EquivalentTo(typeof(LedgerEvent).Assembly.GetTypes().Where(type => type.IsSubclassOf(typeof(Ledger.Catalog.CatalogEvent)))));
    }

    [Test]
    public void Every_ledger_event_has_a_stored_name() =>
        Assert.That(Examples.OfLedger.Values.Select(one => one.GetType()).Distinct(),
            Is.EquivalentTo(typeof(LedgerEvent).Assembly.GetTypes().Where(type => type.IsSubclassOf(typeof(LedgerEvent)))));

    [Test]
    public void An_unknown_type_stops_the_reader()
    {
        Assert.That(() => LedgerEvents.Decode("reserved.v2", Fixtures.Read("ledger", "reserved.v1")), Throws.InvalidOperationException);
        Assert.That(() => CatalogEvents.Decode("plan_retired.v2", Fixtures.Read("catalog", "plan_retired.v1")), Throws.InvalidOperationException);
    }

    [TestCaseSource(nameof(LedgerFiles))]
    public void An_unknown_field_stops_the_reader(string file) =>
        Assert.That(() => LedgerEvents.Decode(TypeOf(file), With(Fixtures.Read("ledger", file), "surprise")), Throws.InstanceOf<JsonException>());

    [TestCaseSource(nameof(CatalogFiles))]
    public void An_unknown_field_stops_the_catalogs_reader(string file) =>
        Assert.That(() => CatalogEvents.Decode(TypeOf(file), With(Fixtures.Read("catalog", file), "surprise")), Throws.InstanceOf<JsonException>());

    private static IEnumerable<string> WithoutOptions() =>
        Examples.OfLedger.Keys.Where(file =>
            !Examples.OfLedger.ContainsKey(file + ".minimal") && file.Split('.') is not [.., "carry" or "to_run"]);

    [TestCaseSource(nameof(WithoutOptions))]
    public void A_field_that_an_example_without_options_has_must_be_there(string file)
    {
        foreach (var field in JsonNode.Parse(Fixtures.Read("ledger", file))!.AsObject().Select(pair => pair.Key))
            Assert.That(() => LedgerEvents.Decode(TypeOf(file), Without(Fixtures.Read("ledger", file), field)), Throws.InstanceOf<JsonException>(), field);
    }

    private static byte[] With(byte[] json, string field)
    {
        var node = JsonNode.Parse(json)!.AsObject();
        node[field] = 1;
        return JsonSerializer.SerializeToUtf8Bytes(node);
    }

    private static byte[] Without(byte[] json, string field)
    {
        var node = JsonNode.Parse(json)!.AsObject();
        node.Remove(field);
        return JsonSerializer.SerializeToUtf8Bytes(node);
    }
}
