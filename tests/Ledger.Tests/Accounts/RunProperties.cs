using FsCheck;
using FsCheck.Fluent;
using Metering.Ledger.Accounts;

namespace Metering.Ledger.Tests.Accounts;

/// <summary>A step of a user who does nothing but runs: reservations, their children, all ways to settle them. Little time passes.</summary>
public sealed record RunStep(Step Step)
{
    private static readonly Deed[] Deeds =
    [
        Deed.Reserve, Deed.Reserve, Deed.Child, Deed.Child, Deed.Child, Deed.Child, Deed.Commit, Deed.Commit, Deed.Commit, Deed.CommitWhole,
        Deed.Release, Deed.Release, Deed.ExtendTime, Deed.ExtendQuantity, Deed.Refund, Deed.RefundAll, Deed.Grant,
    ];

    public static Gen<RunStep> Any() =>
        from deed in Gen.Elements(Deeds)
        from wait in Gen.Frequency((20, Gen.Constant(0)), (4, Gen.Choose(2, 4)), (2, Gen.Constant(6)))
        from quantity in deed is Deed.Reserve or Deed.Grant ? Gen.Choose(30, 69) : Gen.Choose(0, 30)
        from which in Gen.Choose(0, 3)
        select new RunStep(new Step(deed, wait, quantity, which));
}

public static class RunSteps
{
    public static Arbitrary<RunStep> All() =>
        Arb.From(RunStep.Any(), run => Steps.All().Shrinker(run.Step).Select(step => new RunStep(step)));
}

/// <summary>What holds of runs, whatever happens to them and their children; after each step, <see cref="LedgerRun"/> checks it.</summary>
public sealed class RunProperties
{
    [FsCheck.NUnit.Property(Arbitrary = [typeof(RunSteps)], MaxTest = 250, StartSize = 20, EndSize = 120, QuietOnSuccess = true)]
    public void Runs_and_their_children_hold_exactly_what_buckets_say_and_pass_no_limit(RunStep[] steps) => Did(steps);

    /// <summary>The property above means something: all that can become of a child does become of some.</summary>
    [Test]
    public void Every_fate_of_a_child_is_met()
    {
        var stream = Gen.ListOf(RunStep.Any(), 120).Sample(20, new Rnd(13, 17), 1).SelectMany(Did).ToArray();
        var children = stream.OfType<Reserved>().Where(e => e.Parent is not null).Select(e => e.Reservation).ToHashSet();
        var released = stream.OfType<Released>().Where(e => children.Contains(e.Reservation))
            .ToLookup(e => (e.Reason, e.ToParent is not null));
        Assert.Multiple(() =>
        {
            Assert.That(children, Has.Count.GreaterThan(50));
            Assert.That(stream.OfType<Committed>().Count(e => e.FromParent is not null), Is.GreaterThan(5), "excess from the run");
            Assert.That(stream.OfType<Refunded>().Count(e => e.ToParent is not null), Is.GreaterThan(5), "unused to the run");
            foreach (var reason in Enum.GetValues<ReleaseReason>())
                foreach (var open in new[] { true, false })
                    Assert.That(released[(reason, open)], Is.Not.Empty, $"{reason}, run open: {open}");
            Assert.That(stream.OfType<HoldExtended>().Any(e => e.Draws.Count > 0 && children.Contains(e.Reservation)), "more for a child");
            Assert.That(stream.OfType<Refunded>().Any(e => e.Lines.Count > 0 && children.Contains(e.Reservation)), "a late refund");
        });
    }

    private static IReadOnlyList<LedgerEvent> Did(IEnumerable<RunStep> steps)
    {
        var run = new LedgerRun();
        foreach (var one in steps) run.Do(one.Step);
        run.CheckAtEnd();
        return run.Stream;
    }
}
