using BenchmarkDotNet.Attributes;
using Metering.Bench.Histories;
using Metering.Ledger;
using Metering.Ledger.Accounts;

namespace Metering.Microbench;

/// <summary>Commands decided in memory, each with the fold of what comes of it. Per command, its own making included.</summary>
public class Deciding
{
    private const long Quota = 1_000_000_000_000_000;

    private readonly LedgerState state = new();
    private DateTimeOffset now = new(2026, 11, 21, 0, 0, 0, TimeSpan.Zero);

    [GlobalSetup]
    public void AssignPlan() => Take<Done>(new AssignPlan(NextId(), default, History.Plan(Quota), PlanChange.NextPeriod, null));

    [Benchmark(Description = "decide: a command of a cycle", OperationsPerInvoke = 2)]
    public void Cycle()
    {
        var reservation = NextId();
        Take<Done>(new Reserve(reservation, default, Line(1_000), TimeSpan.FromMinutes(10), TimeSpan.FromSeconds(30)));
        Take<Done>(new Commit(NextId(), default, reservation, Line(800)));
    }

    [Benchmark(Description = "decide: a denial")]
    public void Denial() =>
        Take<Denied>(new Reserve(NextId(), default, Line(Quota), TimeSpan.FromMinutes(10), TimeSpan.FromSeconds(30)));

    // what was not measured as it is named must not look like a figure
    private void Take<TExpected>(Command command) where TExpected : Answer
    {
        var answer = Decisions.Take(state, command, now, _ => TimeZoneInfo.Utc).Answer;
        if (answer is not TExpected) throw new InvalidOperationException($"{answer} to {command}");
    }

    private static Items<AskedLine> Line(long quantity) => [new AskedLine("llm.tokens", "tokens", Attributes.None, quantity, [])];

    // seconds apart, so that the caps of the plan never deny what is to be allowed
    private Guid NextId() => Guid.CreateVersion7(now += TimeSpan.FromSeconds(1));
}
