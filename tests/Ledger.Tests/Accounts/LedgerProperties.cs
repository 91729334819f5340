using FsCheck;
using FsCheck.Fluent;

namespace Metering.Ledger.Tests.Accounts;

public static class Steps
{
    private static Gen<Step> Any(Deed last) =>
        from deed in Gen.Choose(0, (int)last)
        from wait in Gen.Choose(0, 7)
        from quantity in Gen.Choose(0, 69)
        from which in Gen.Choose(0, 5)
        select new Step((Deed)deed, wait, quantity, which);

    private static IEnumerable<Step> Smaller(Step step)
    {
        if (step.Wait > 0) yield return step with { Wait = step.Wait - 1 };
        if (step.Quantity > 0) yield return step with { Quantity = step.Quantity / 2 };
        if (step.Which > 0) yield return step with { Which = step.Which - 1 };
    }

    public static Arbitrary<Step> All() => Arb.From(Any(Deed.Revoke), Smaller);

    public static Arbitrary<Bounded> WithinLimits() => 
        Arb.From(Any(Deed.Read).Select(step => new Bounded(step)), bounded => Smaller(bounded.Step).Select(step => new Bounded(step)));
}

/// <summary>A step that passes no limit: no post-paid usage, no other limits or plan.</summary>
public sealed record Bounded(Step Step);

/// <summary>What holds after any sequence of commands, however much time passes between them.</summary>
[FsCheck.NUnit.Properties(Arbitrary = [typeof(Steps)], MaxTest = 400, QuietOnSuccess = true)]
public class LedgerProperties
{
    [FsCheck.NUnit.Property]
    public void Nothing_passes_a_limit_goes_below_zero_or_is_lost(Bounded[] steps) => Run(steps.Select(bounded => bounded.Step));

    [FsCheck.NUnit.Property]
    public void Plans_and_limits_may_change_and_post_paid_usage_come_between(Step[] steps) => Run(steps);

    private static void Run(IEnumerable<Step> steps)
    {
        var run = new LedgerRun();
        foreach (var step in steps) run.Do(step);
        run.CheckAtEnd();
    }
}
