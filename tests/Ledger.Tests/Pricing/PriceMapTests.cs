using System.Numerics;
using System.Text;
using Metering.Ledger.Catalog;
using Metering.Ledger.Pricing;

namespace Metering.Ledger.Tests.Pricing;

public class PriceMapTests
{
    [TestCase("1.5e-07", 150, 1)]
    [TestCase("0.00000015", 150, 1)]
    [TestCase("1.5E-7", 150, 1)]
    [TestCase("1e-05", 10_000, 1)]
    [TestCase("7.5e-11", 75, 1_000)]
    [TestCase("3.625e-09", 3_625, 1_000)]
    [TestCase("3.961e-06", 3_961, 1)]
    [TestCase("0.0002833333333333333", 2_833_333_333_333_333, 10_000_000_000)]
    [TestCase("\"1.5e-07\"", 150, 1, Description = "some maps quote their numbers")]
    [TestCase("2", 2_000_000_000, 1)]
    public void A_price_is_taken_from_its_digits(string price, long nanos, long per)
    {
        var map = Read($$$"""{"m": {"input_cost_per_token": {{{price}}}, "output_cost_per_token": 0}}""");
        Assert.That(map.Entries[0], Is.EqualTo(Entry("llm.input_tokens", "m", new(nanos, per))));
        Assert.That(map.LeftOut, Is.Empty);
    }

    [TestCase("0.000000150000000000000001", 7_000_000_000_000)]
    [TestCase("7.5e-11", 20)]
    [TestCase("3.625e-09", 4)]
    [TestCase("0.0002833333333333333", 999_999_999)]
    public void Tokens_cost_what_the_digits_say_to_the_nano_dollar(string price, long tokens)
    {
        var map = Read($$$"""{"m": {"input_cost_per_token": {{{price}}}, "output_cost_per_token": 1}}""");
        Assert.That((BigInteger)Rating.Amount(tokens, map.Entries[0].Price), Is.EqualTo(ExactPrice.Of(price).Nanos(tokens)));
    }

    [Test]
    public void Each_meter_has_its_field()
    {
        var map = Read("""
            {"claude": {"cache_creation_input_token_cost": 3.75e-06, "cache_read_input_token_cost": 3e-07, "input_cost_per_token": 3e-06,
             "litellm_provider": "anthropic", "max_tokens": 64000, "mode": "chat", "output_cost_per_token": 1.5e-05,
             "supports_vision": true}}
            """);
        Assert.That(map.Entries, Is.EqualTo(new[]
        {
            Entry("llm.input_tokens", "claude", new(3_000, 1)), Entry("llm.output_tokens", "claude", new(15_000, 1)),
            Entry("llm.cached_input_tokens", "claude", new(300, 1)), Entry("llm.cache_write_tokens", "claude", new(3_750, 1)),
        }));
        Assert.That(map.LeftOut, Is.Empty);
    }

    [TestCase("input_cost_per_token_above_128k_tokens", "depends on size or time")]
    [TestCase("cache_creation_input_token_cost_above_1hr", "depends on size or time")]
    [TestCase("tiered_pricing", "depends on size or time")]
    [TestCase("input_cost_per_token_batches", "service tier")]
    [TestCase("output_cost_per_token_priority", "service tier")]
    [TestCase("input_cost_per_audio_token", "no meter")]
    [TestCase("output_cost_per_reasoning_token", "no meter")]
    [TestCase("output_cost_per_image", "per image")]
    [TestCase("input_cost_per_character", "per character")]
    [TestCase("input_cost_per_video_per_second", "per second")]
    [TestCase("ocr_cost_per_page", "per page")]
    [TestCase("computer_use_input_cost_per_1k_tokens", "per 1k tokens")]
    [TestCase("input_dbu_cost_per_token", "per token", Description = "another currency")]
    public void A_price_that_a_book_cannot_say_is_listed(string field, string reason)
    {
        var map = Read($$$"""{"m": {"input_cost_per_token": 1e-06, "output_cost_per_token": 2e-06, "{{{field}}}": 3e-06}}""");
        Assert.That(map.Entries, Has.Count.EqualTo(2));
        Assert.That(map.LeftOut, Has.Count.EqualTo(1));
        Assert.That((map.LeftOut[0].Model, map.LeftOut[0].Field), Is.EqualTo(("m", field)));
        Assert.That(map.LeftOut[0].Reason, Does.Contain(reason));
    }

    [TestCase("-1e-06", "negative")]
    [TestCase("null", "missing")]
    [TestCase("true", "expected a number, not true")]
    [TestCase("{\"per\": 1}", "expected a number, not an object")]
    [TestCase("[1e-06]", "expected a number, not a list")]
    [TestCase("\"\"", "not a decimal number")]
    [TestCase("\"a dollar\"", "not a decimal number")]
    [TestCase("\"NaN\"", "not a decimal number")]
    [TestCase("1e-99", "too fine")]
    [TestCase("1e99", "too large")]
    public void A_price_that_is_none_is_listed_and_the_others_stand(string price, string reason)
    {
        const string Other = """{"input_cost_per_token": 1, "output_cost_per_token": 1}""";
        var map = Read($$$"""{"m": {"input_cost_per_token": 1e-06, "output_cost_per_token": {{{price}}}}, "n": {{{Other}}}}""");
        var meters = map.Entries.Select(entry => entry.Meter);
        Assert.That(meters, Is.EqualTo(new[] { "llm.input_tokens", "llm.input_tokens", "llm.output_tokens" }));
        Assert.That((map.LeftOut.Single().Model, map.LeftOut.Single().Field), Is.EqualTo(("m", "output_cost_per_token")));
        Assert.That(map.LeftOut.Single().Reason, Does.Contain(reason));
    }

    [TestCase("sample_spec", """{"input_cost_per_token": 1}""", "no model")]
    [TestCase("", """{"input_cost_per_token": 1}""", "the name of a model")]
    [TestCase("m", "null", "expected an object, not null")]
    [TestCase("m", "\"gpt\"", "expected an object, not text")]
    [TestCase("m", """{"input_cost_per_token": 0, "output_cost_per_token": 0.0}""", "every price is 0")]
    public void What_is_no_priced_model_is_listed(string name, string value, string reason)
    {
        var map = Read($$"""{"{{name}}": {{value}}}""");
        Assert.That(map.Entries, Is.Empty);
        Assert.That(map.LeftOut.Single().Model, Is.EqualTo(name));
        Assert.That(map.LeftOut.Single().Reason, Does.Contain(reason));
    }

    [Test]
    public void A_name_too_long_for_an_attribute_is_listed()
    {
        Assert.That(Read($$"""{"{{new string('m', 129)}}": {} }""").LeftOut.Single().Reason, Does.Contain("128"));
        Assert.That(Read($$"""{"{{new string('m', 128)}}": {"input_cost_per_token": 1} }""").Entries, Has.Count.EqualTo(1));
    }

    [Test]
    public void Free_models_and_other_fields_are_imported_when_asked_for()
    {
        var options = new PriceMapOptions { Free = true, Fields = [new("output_cost_per_reasoning_token", "llm.reasoning_tokens")] };
        var map = Read("""{"m": {"output_cost_per_reasoning_token": 0.0, "litellm_provider": null}}""", options);
        Assert.That(map.Entries, Is.EqualTo(new[] { Entry("llm.reasoning_tokens", "m", new(0, 1)) }));
    }

    [TestCase("")]
    [TestCase("[]")]
    [TestCase("3")]
    [TestCase("""{"m": {"input_cost_per_token": 1e-06}""")]
    [TestCase("""{"m": {"input_cost_per_token": .5}}""")]
    [TestCase("""{"m": {"input_cost_per_token": NaN}}""")]
    [TestCase("""{"m": {}, "m": {}}""", Description = "which of the two counts is anybody's guess")]
    [TestCase("""{"m": {"input_cost_per_token": 1, "input_cost_per_token": 2}}""")]
    public void What_is_no_map_is_refused(string json) =>
        Assert.That(() => Read(json), Throws.TypeOf<FormatException>().With.Message.Contains("JSON object of models"));

    [Test]
    public void A_stream_with_a_byte_order_mark_is_read()
    {
        var bytes = Encoding.UTF8.Preamble.ToArray().Concat("{}"u8.ToArray()).ToArray();
        Assert.That(PriceMap.Read(new MemoryStream(bytes)).Entries, Is.Empty);
    }

    private static PriceMap Read(string json, PriceMapOptions? options = null) => PriceMap.Read(Encoding.UTF8.GetBytes(json), options);

    private static PriceEntry Entry(string meter, string model, Price price) =>
        new(meter, Attributes.Of([new("model", model)]), price, price);
}
