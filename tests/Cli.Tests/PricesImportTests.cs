using System.Numerics;
using System.Text.Json;
using Grpc.Core;
using Metering.Ledger.Tests.Pricing;

namespace Metering.Cli.Tests;

internal sealed class PricesImportTests : CliTest
{
    private const string Map = """
        {
          "sample_spec": {"input_cost_per_token": 0.0, "max_tokens": "the most tokens"},
          "mini": {
            "input_cost_per_token": 1.5e-07, "output_cost_per_token": 0.0000006, "cache_read_input_token_cost": 7.5e-08, "mode": "chat"
          },
          "azure/tiny": {"input_cost_per_token": 7.5e-11, "output_cost_per_token": 1e-05},
          "quoted": {"input_cost_per_token": "3.961e-06", "output_cost_per_token": 2.8333333333333333e-07},
          "embed": {"input_cost_per_token": 2e-08, "output_cost_per_token": null, "litellm_provider": null},
          "tiered": {"input_cost_per_token": 1.25e-06, "output_cost_per_token": 1e-05, "input_cost_per_token_above_200k_tokens": 2.5e-06},
          "nested": {"input_cost_per_token": {"usd": 1}, "output_cost_per_token": [1], "search_context_cost_per_query": {"low": 0.01}},
          "free": {"input_cost_per_token": 0, "output_cost_per_token": 0.0},
          "bad": {"input_cost_per_token": -1e-06, "output_cost_per_token": "cheap"},
          "image": {"output_cost_per_image": 0.039, "input_cost_per_character": 1e-06}
        }
        """;

    [Test]
    public async Task It_publishes_the_book_declares_the_meters_and_says_what_it_left_out()
    {
        var said = await Done("prices", "import", File(Map), "--markup", "1.25");
        Assert.That(said.Output, Does.Contain("10 prices of 5 models; not imported: 13 fields"));
        Assert.That(said.Output, Does.Contain("declared: llm.input_tokens, llm.output_tokens, llm.cached_input_tokens"));
        Assert.That(said.Output, Does.Contain("price book 1, × 1.25, in force from "));
        Assert.That(said.Output, Does.Match(@"image +output_cost_per_image +a price per image, not per token"));
        Assert.That(said.Output, Does.Match(@"tiered +input_cost_per_token_above_200k_tokens +a price that depends on size"));
        var book = (await Served.Catalog.GetPriceBookAsync(new() { Version = 1 })).Book;
        Assert.That((book.Currency, book.MarkupPpm, book.Entries.Count), Is.EqualTo(("USD", 1_250_000L, 10)));
        Assert.That(book.Entries.All(entry => entry.Cost.Equals(entry.Price)));
        Assert.That(PriceOf(book, "azure/tiny", Input), Is.EqualTo((75L, 1_000L)));
        Assert.That(PriceOf(book, "quoted", Output), Is.EqualTo((28_333_333_333_333_333L, 100_000_000_000_000L)));
    }

    [Test]
    public async Task Programs_get_a_line_for_each_field_left_out_and_one_for_the_import()
    {
        var records = (await Done("prices", "import", File(Map), "--json")).Records;
        Assert.That(records.Count(record => (string?)record["kind"] == "left_out"), Is.EqualTo(13));
        var models = records.Select(record => (string?)record["model"]).Distinct();
        Assert.That(models, Is.SupersetOf(new[] { "sample_spec", "nested", "free", "bad", "image" }));
        const string start = """{"kind":"import","dry_run":false,"models":5,"prices":10,"left_out":13,""";
        Assert.That(records[^1].ToJsonString(), Does.StartWith(start));
        Assert.That((int?)records[^1]["version"], Is.EqualTo(1));
    }

    [TestCase("mini", Input, "1.5e-07", 1_234_567)]
    [TestCase("mini", Output, "0.0000006", 1)]
    [TestCase("azure/tiny", Input, "7.5e-11", 20)]
    [TestCase("azure/tiny", Input, "7.5e-11", 99_999_999)]
    [TestCase("quoted", Input, "3.961e-06", 7)]
    [TestCase("quoted", Output, "2.8333333333333333e-07", 999_999_937)]
    public async Task What_tokens_cost_is_exact_to_the_nano_dollar(string model, string meter, string digits, long tokens)
    {
        var user = await AssignMoney();
        await Done("prices", "import", File(Map), "--markup", "1.333333");
        Served.Clock.Shift += TimeSpan.FromSeconds(10);
        var reply = await Track(user, tokens, meter, model);
        Assert.That((BigInteger)reply.Tracked.Draws.Single().Amount, Is.EqualTo(ExactPrice.Of(digits).Nanos(tokens, 1_333_333)));
    }

    [Test]
    public async Task It_takes_effect_when_it_is_told_to()
    {
        var at = Served.Clock.GetUtcNow().AddDays(1);
        await Done("prices", "import", File(Map), "--effective", at.ToString("yyyy-MM-dd'T'HH:mm:ssK"));
        var book = (await Served.Catalog.GetPriceBookAsync(new() { Version = 1 })).Book;
        Assert.That(book.EffectiveFrom.Seconds, Is.EqualTo(at.ToUnixTimeSeconds()));
    }

    [Test]
    public async Task A_dry_run_changes_nothing()
    {
        var said = await Done("prices", "import", File(Map), "--dry-run");
        Assert.That(said.Output, Does.Contain("10 prices of 5 models"));
        Assert.That(said.Output, Does.Contain("to declare: llm.input_tokens"));
        Assert.That(said.Output, Does.Contain("dry run: nothing was changed"));
        Assert.That((await Served.Catalog.ListMetersAsync(new())).Meters, Is.Empty);
        Assert.That(Assert.CatchAsync<RpcException>(async () => await Served.Catalog.GetPriceBookAsync(new() { Version = 1 }))!.StatusCode,
            Is.EqualTo(StatusCode.NotFound));
    }

    [Test]
    public async Task What_the_last_book_prices_beyond_the_map_is_kept_or_dropped_only_when_asked()
    {
        await Done("prices", "import", File(Map), "--markup", "1.25");
        var less = File("""{"mini": {"input_cost_per_token": 1e-07, "output_cost_per_token": 5e-07}}""");
        var said = await Run("prices", "import", less, "--markup", "1.25");
        Assert.That(said.Code, Is.EqualTo(Exit.BadInput));
        Assert.That(said.Error, Does.Contain("--keep, --replace: expected one of them").And.Contain("8 prices"));
        Assert.That(said.Error, Does.Contain("llm.input_tokens model=azure/tiny"));
        Assert.That((await Run("prices", "import", less, "--keep")).Error, Does.Contain("--markup: expected 1.25"));
        Assert.That((await Done("prices", "import", less, "--markup", "1.25", "--keep")).Output, Does.Contain("8 prices kept, 0 dropped"));
        var kept = (await Served.Catalog.GetPriceBookAsync(new() { Version = 2 })).Book;
        Assert.That((kept.Entries.Count, PriceOf(kept, "mini", Input)), Is.EqualTo((10, (100L, 1L))));
        Assert.That((await Done("prices", "import", less, "--replace")).Output, Does.Contain("0 prices kept, 8 dropped"));
    }

    [Test]
    public async Task Other_fields_are_imported_as_meters_of_ones_own()
    {
        const string model = """{"input_cost_per_token": 1, "output_cost_per_token": 1, "output_cost_per_reasoning_token": 3e-06}""";
        string[] own = ["--map", "output_cost_per_reasoning_token=llm.reasoning_tokens", "--map", "input_cost_per_token=llm.prompt"];
        await Done(["prices", "import", File($$"""{"m": {{model}} }"""), .. own]);
        var book = (await Served.Catalog.GetPriceBookAsync(new() { Version = 1 })).Book;
        Assert.That(book.Entries.Select(entry => entry.Meter), Is.EquivalentTo(new[] { Output, "llm.reasoning_tokens", "llm.prompt" }));
    }

    [TestCase("[]", "FILE: expected a JSON object of models, not a list")]
    [TestCase("{", "FILE: it is not a JSON object of models")]
    [TestCase("{}", "FILE: expected a model with a price per token")]
    public async Task A_file_that_is_no_map_is_bad_input(string text, string error)
    {
        var said = await Run("prices", "import", File(text));
        Assert.That((said.Code, said.Output), Is.EqualTo((Exit.BadInput, "")));
        Assert.That(said.Error, Does.StartWith($"metering: {error}"));
    }

    [TestCase("--markup: expected a factor", "--markup", "1.2345678")]
    [TestCase("--markup: expected a factor", "--markup", "-1")]
    [TestCase("--markup: expected a factor", "--markup", "25%")]
    [TestCase("--effective: expected a time", "--effective", "tomorrow")]
    [TestCase("effective_from: expected", "--effective", "2020-01-01")]
    [TestCase("--map: expected FIELD=METER", "--map", "output_cost_per_image=image.render")]
    [TestCase("--keep, --replace: expected one of them", "--keep", "--replace")]
    public async Task An_option_that_makes_no_sense_is_bad_input(string error, params string[] options)
    {
        var said = await Run(["prices", "import", File(Map), .. options]);
        Assert.That(said.Code, Is.EqualTo(Exit.BadInput));
        Assert.That(said.Error, Does.StartWith($"metering: {error}"));
    }

    [Test]
    public async Task A_file_that_is_not_there_is_bad_input() =>
        Assert.That((await Run("prices", "import", "/nowhere/prices.json")).Code, Is.EqualTo(Exit.BadInput));

    [Test]
    public async Task The_prices_at_hand_are_published_whole()
    {
        if (Environment.GetEnvironmentVariable("PRICES") is not { Length: > 0 } prices) Assert.Ignore("PRICES names no file");
        else TestContext.Out.WriteLine((await Done("prices", "import", prices, "--markup", "1.25")).Output);
    }

    [Test]
    public async Task A_large_map_is_published_in_one_command()
    {
        await Done("prices", "import", File(Models(3_000)));
        Assert.That((await Served.Catalog.GetPriceBookAsync(new() { Version = 1 })).Book.Entries, Has.Count.EqualTo(6_000));
    }

    [TestCase(4_900, "entries: expected at most 1000000 bytes as they are stored")]
    [TestCase(5_100, "FILE: expected at most 10000 prices")]
    public async Task A_map_too_large_for_a_book_is_bad_input(int models, string error)
    {
        var said = await Run("prices", "import", File(Models(models)));
        Assert.That(said.Code, Is.EqualTo(Exit.BadInput));
        Assert.That(said.Error, Does.StartWith($"metering: {error}"));
    }

    private static string Models(int count) => JsonSerializer.Serialize(Enumerable.Range(1, count)
        .ToDictionary(n => $"provider/model-{n}", n => new { input_cost_per_token = n, output_cost_per_token = n }));

    private static (long, long) PriceOf(V1.PriceBook book, string model, string meter)
    {
        var price = book.Entries.Single(entry => entry.Meter == meter && entry.Attributes["model"] == model).Price;
        return (price.Nanos, price.Per);
    }
}
