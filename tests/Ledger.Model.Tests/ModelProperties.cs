using FsCheck;
using FsCheck.Fluent;
using Microsoft.FSharp.Core;

namespace Metering.Ledger.Model;

/// <summary>
/// The ledger says what its model says, whatever is asked of it and whenever: 2,500 random sequences a run. The seed is printed and the same
/// in every run, so that a build is not red by luck; METERING_MODEL_SEED takes another (`random` any), METERING_MODEL_SEQUENCES more of them.
/// </summary>
[Category("Model")]
public class ModelProperties
{
    private static readonly ulong Seed = Environment.GetEnvironmentVariable("METERING_MODEL_SEED") switch
    {
        null or "" => 20_261_120,
        "random" => (ulong)Random.Shared.NextInt64(),
        var given => ulong.Parse(given, System.Globalization.CultureInfo.InvariantCulture),
    };

    private static readonly int Sequences =
        int.TryParse(Environment.GetEnvironmentVariable("METERING_MODEL_SEQUENCES"), out var sequences) ? sequences : 2_500;

    [Test]
    public void The_ledger_and_its_model_say_the_same()
    {
        TestContext.Out.WriteLine($"METERING_MODEL_SEED={Seed}");
        var seen = new Dictionary<string, int>();
        var config = Config.QuickThrowOnFailure.WithMaxTest(Sequences).WithQuietOnSuccess(true)
            .WithReplay(FSharpOption<Replay>.Some(new Replay(new Rnd(Seed, 1), FSharpOption<int>.None)));
        Check.One(config, Prop.ForAll(Steps.Sequences, steps => Run(steps, seen)));
        foreach (var (kind, times) in seen.OrderBy(pair => pair.Key, StringComparer.Ordinal)) TestContext.Out.WriteLine($"{times,8} {kind}");
        Assert.That(Expected.Where(kind => !seen.ContainsKey(kind)), Is.Empty, "kinds of answers that no sequence got");
    }

    private static readonly string[] Expected =
    [
        "Allowed", "ClosedBefore", "DoneBefore", "Usage", "denied: CapReached", "denied: FundingExhausted", "denied: NoPlan", "denied: RunBudget", "denied: Suspended",
        "denied: Unmatched", "denied: Unpriced", "done: Committed", "done: CreditGranted", "done: CreditRevoked", "done: HoldExtended",
        "done: LimitsCustomized", "done: PeriodClosed", "done: PeriodEnded", "done: PlanAssigned", "done: PlanEnded", "done: Refunded",
        "done: Released", "done: Reserved", "done: Resumed", "done: Suspended", "done: UsageTracked", "refused: Conflict", "refused: Exists",
        "refused: Invalid", "refused: NotDue", "refused: NotFound", "refused: OtherContent", "refused: Settled", "refused: TooOld",
    ];

    private static void Run(Step[] steps, Dictionary<string, int> seen)
    {
        var twins = new Twins();
        twins.Do(new Step(Deed.Assign, Wait.None, steps.Length == 0 ? 0 : steps[0].Quantity, 0));
        foreach (var step in steps) twins.Do(step);
        twins.CheckAtEnd();
        foreach (var (kind, times) in twins.Seen) seen[kind] = seen.GetValueOrDefault(kind) + times;
    }
}
