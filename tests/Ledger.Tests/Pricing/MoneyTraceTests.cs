using System.Numerics;
using System.Text;
using System.Text.Json;
using Metering.Ledger.Accounts;
using Metering.Ledger.Catalog;
using Metering.Ledger.Pricing;
using Metering.Ledger.Tests.Accounts;
using Metering.MainJob;
using Stopwatch = System.Diagnostics.Stopwatch;

namespace Metering.Ledger.Tests.Pricing;

/// <summary>
/// The main job's trace metered in money: every call reserves its prompt and the largest answer, then commits what was used, at
/// imported prices.
/// The ledgers' charges, added up, must equal a computation that shares no code with them: BigInteger from the raw digits of the price map.
/// With TRACE and PRICES naming files, it meters those too.
/// </summary>
public class MoneyTraceTests
{
    private const string Input = "llm.input_tokens";
    private const string Output = "llm.output_tokens";

    private const string Map = """
        {
          "tiny": {"input_cost_per_token": 7.5e-11, "output_cost_per_token": 0.0000000003},
          "mini": {"input_cost_per_token": 1.5e-07, "output_cost_per_token": 6e-07, "cache_read_input_token_cost": 7.5e-08},
          "embed": {"input_cost_per_token": 2e-08, "output_cost_per_token": null},
          "odd": {"input_cost_per_token": 3.625e-09, "output_cost_per_token": "2.8333333333333333e-07"},
          "large": {"input_cost_per_token": 1e-05, "output_cost_per_token": 7.5e-05, "input_cost_per_token_above_128k_tokens": 2e-05},
          "image": {"output_cost_per_image": 0.039}
        }
        """;

    [TestCase(1_000_000)]
    [TestCase(1_250_000)]
    [TestCase(1_333_333)]
    public void A_made_up_trace_comes_to_the_same_nano_dollar(long markupPpm) =>
        Meter(Generator.Make(), Encoding.UTF8.GetBytes(Map), markupPpm);

    [TestCase(1_000_000)]
    [TestCase(1_250_000)]
    public void The_trace_and_the_prices_at_hand_come_to_the_same_nano_dollar(long markupPpm)
    {
        var (trace, prices) = (Environment.GetEnvironmentVariable("TRACE"), Environment.GetEnvironmentVariable("PRICES"));
        if (string.IsNullOrEmpty(trace) || string.IsNullOrEmpty(prices))
            Assert.Ignore("TRACE and PRICES name no files");
        else
            Meter(Trace.Read(trace), File.ReadAllBytes(prices), markupPpm);
    }

    private static void Meter(Trace trace, byte[] json, long markupPpm)
    {
        var map = PriceMap.Read(json);
        var models = Models(map);
        var clock = Stopwatch.StartNew();
        var run = new MoneyRun(trace, models, MoneyRun.Catalog(map, markupPpm, trace.Rows.Min(row => row.At)));
        var (charged, used) = run.Meter();
        var seconds = clock.Elapsed.TotalSeconds;
        var expected = Independent(trace, models, json, markupPpm);
        TestContext.Out.WriteLine(
            $"{trace.Name}, × {markupPpm} ppm: {trace.Rows.Count} calls, {trace.Total} tokens, {models.Length} models, " +
            $"{map.Entries.Count} entries, " +
            $"{map.LeftOut.Count} left out: {charged} nano-dollars in {seconds:0.00} s");
        Assert.That(charged, Is.EqualTo(expected), "committed less refunded, by the events");
        Assert.That(used, Is.EqualTo(expected), "used, by the balances");
        Assert.That(charged, Is.Positive);
    }

    // only models with both prices can be reserved
    private static string[] Models(PriceMap map)
    {
        var outputs = map.Entries.Where(entry => entry.Meter == Output).Select(entry => entry.Where["model"]!).ToHashSet();
        return map.Entries.Where(entry => entry.Meter == Input).Select(entry => entry.Where["model"]!).Where(outputs.Contains).ToArray();
    }

    private static BigInteger Independent(Trace trace, string[] models, byte[] json, long markupPpm)
    {
        using var map = JsonDocument.Parse(json);
        var prices = models
            .Select(model => (In: PriceOf(map, model, "input_cost_per_token"), Out: PriceOf(map, model, "output_cost_per_token")))
            .ToArray();
        var sum = BigInteger.Zero;
        for (var n = 0; n < trace.Rows.Count; n++)
        {
            var (price, row) = (prices[n % prices.Length], trace.Rows[n]);
            sum += price.In.Nanos(row.Input, markupPpm) + price.Out.Nanos(row.Output, markupPpm);
        }
        return sum;
    }

    private static ExactPrice PriceOf(JsonDocument map, string model, string field) =>
        ExactPrice.Of(map.RootElement.GetProperty(model).GetProperty(field).GetRawText());

    /// <summary>The ledgers of the trace's users: row n belongs to user n mod 200 and calls model n mod their number.</summary>
    private sealed class MoneyRun(Trace trace, string[] models, CatalogState catalog)
    {
        private readonly Attributes[] attributes = models.Select(model => Attributes.Of([new("model", model)])).ToArray();
        private BigInteger charged;

        /// <summary>Publishes the map as the one price book, a minute before the first call.</summary>
        public static CatalogState Catalog(PriceMap map, long markupPpm, DateTimeOffset start)
        {
            var (catalog, at) = (CatalogState.Empty, start.AddMinutes(-1));
            foreach (var meter in map.Entries.Select(entry => entry.Meter).Distinct())
            {
                var declare = new DeclareMeter(AccountSamples.IdAt(at, catalog.Meters.Count()), default, new Meter(meter, "tokens"));
                catalog = After(catalog, declare, at);
            }
            var publish = new PublishPriceBook(AccountSamples.IdAt(at, 99), default, PriceMap.Currency, markupPpm, map.Entries, null);
            return After(catalog, publish, at);
        }

        private static CatalogState After(CatalogState catalog, CatalogCommand command, DateTimeOffset at)
        {
            var decision = CatalogDecisions.Decide(catalog, command, at, _ => true);
            return catalog.Fold(decision.Event ?? throw new AssertionException($"{decision.Answer}"));
        }

        /// <summary>What the events charged less what they gave back, and what the balances say was used, over all users.</summary>
        public (BigInteger Charged, BigInteger Used) Meter()
        {
            var used = BigInteger.Zero;
            for (var user = 0; user < Trace.Users; user++) used += Meter(user);
            return (charged, used);
        }

        // a quota of half a dollar and overage without bound, so that both buckets fill
        private long Meter(int user)
        {
            var state = new LedgerState();
            var rows = Enumerable.Range(0, trace.Rows.Count).Where(n => n % Trace.Users == user).OrderBy(n => trace.Rows[n].At).ToArray();
            if (rows.Length == 0) return 0;
            var group = AccountSamples.Dollars(500_000_000) with { Overage = AccountSamples.Over(long.MaxValue, 1) };
            var start = trace.Rows[rows[0]].At;
            var (plan, first) = (AccountSamples.PlanOf(group), AccountSamples.IdAt(start, 0));
            Take(state, new AssignPlan(first, default, plan, PlanChange.NextPeriod, null), start);
            foreach (var n in rows) Call(state, n);
            var usage = (Usage)Decisions.Take(state, new GetUsage(), state.At, AccountSamples.Zones).Answer!;
            Assert.That((usage.OpenHolds, usage.Groups.Single().Held), Is.EqualTo((0, 0L)));
            return usage.Groups.Single().Used;
        }

        private void Call(LedgerState state, int n)
        {
            var row = trace.Rows[n];
            var (reserve, commit) = (AccountSamples.IdAt(row.At, 2 * n + 1), AccountSamples.IdAt(row.At, 2 * n + 2));
            var held = Lines(n, row.Input, trace.LargestOutput).Where(line => line.Quantity > 0).ToItems();
            Take(state, new Reserve(reserve, default, held, AccountSamples.TenMinutes, AccountSamples.Grace), row.At);
            foreach (var done in Take(state, new Commit(commit, default, reserve, Lines(n, row.Input, row.Output).ToItems()), row.At))
                charged += done switch
                {
                    Committed committed => Amount(committed.Draws),
                    Refunded refunded => -Amount(refunded.Draws),
                    _ => 0,
                };
        }

        private IEnumerable<AskedLine> Lines(int n, long input, long output) => [Line(Input, n, input), Line(Output, n, output)];

        private AskedLine Line(string meter, int n, long quantity)
        {
            var (where, at) = (attributes[n % attributes.Length], trace.Rows[n].At);
            return new AskedLine(meter, "tokens", where, quantity, catalog.Rates(meter, where, at, at));
        }

        private static Items<LedgerEvent> Take(LedgerState state, Command command, DateTimeOffset at) =>
            Decisions.Take(state, command, at, AccountSamples.Zones).Answer is Done done
                ? done.Events
                : throw new AssertionException($"{command} was not done");

        private static long Amount(Items<Draw> draws) => draws.Sum(draw => draw.Parts.Sum(part => part.Amount));
    }
}
