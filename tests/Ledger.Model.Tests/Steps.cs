using FsCheck;
using FsCheck.Fluent;

namespace Metering.Ledger.Model;

/// <summary>What callers do, and what happens to the process that serves them.</summary>
public enum Deed
{
    Reserve, ReserveMore, ReserveTwo, ReserveIn, ReserveInAnother, CheckIn, Huge, Check, Commit, CommitWhole, CommitOther, Release, ExtendTime, ExtendQuantity, Refund, RefundLate, RefundAll,
    Track, PostPaid, Late, Assign, EndPlan, Customize, Grant, GrantMoney, SameSource, Revoke, Suspend, Resume, Close, Read,
    Repeat, OtherContent, Ahead, TooOld, Unknown, Refold, Save, Restore,
}

/// <summary>How long to wait before: so long, or until something is due.</summary>
public enum Wait { None, Second, Grace, Minutes, Expiry, Hour, Hours, Day, Days, Month, Months, UntilDue, JustBeforeDue, ClockBack }

/// <summary>Numbers pick how much, and which of the things done before is meant.</summary>
public sealed record Step(Deed Deed, Wait Wait, int Quantity, int Which)
{
    public override string ToString() => $"new(Deed.{Deed}, Wait.{Wait}, {Quantity}, {Which})";
}

internal static class Steps
{
    private static readonly (int, Gen<Deed>)[] Deeds = Weighted(
        (24, Deed.Reserve), (12, Deed.ReserveMore), (8, Deed.ReserveTwo), (18, Deed.ReserveIn), (20, Deed.Commit), (8, Deed.CommitWhole), (8, Deed.CommitOther),
        (6, Deed.Release), (8, Deed.ExtendQuantity), (4, Deed.ExtendTime), (10, Deed.Refund), (4, Deed.RefundLate), (5, Deed.RefundAll),
        (8, Deed.Track), (5, Deed.PostPaid), (6, Deed.Late), (7, Deed.Grant), (3, Deed.GrantMoney), (6, Deed.Assign), (5, Deed.Customize),
        (4, Deed.Resume), (3, Deed.Refold), (3, Deed.Save), (3, Deed.Restore));

    private static readonly (int, Gen<Wait>)[] Waits =
    [
        (36, Gen.Constant(Wait.None)), (7, Gen.Constant(Wait.UntilDue)), (4, Gen.Constant(Wait.JustBeforeDue)),
        (24, Gen.Choose((int)Wait.Second, (int)Wait.Minutes).Select(wait => (Wait)wait)),
        (16, Gen.Choose((int)Wait.Expiry, (int)Wait.Days).Select(wait => (Wait)wait)), (1, Gen.Constant(Wait.Month)),
        (2, Gen.Constant(Wait.ClockBack)),
    ];

    private static readonly Gen<Step> One =
        from deed in Gen.Frequency(Deeds)
        from wait in Gen.Frequency(Waits)
        from months in Gen.Choose(0, 300)
        from quantity in Gen.Choose(0, 79)
        from which in Gen.Choose(0, 11)
        select new Step(deed, months == 0 ? Wait.Months : wait, quantity, which);

    /// <summary>Sequences of up to 50 steps; a failing one loses steps, then its steps get simpler.</summary>
    public static Arbitrary<Step[]> Sequences => Arb.From(
        Gen.Choose(1, 50).SelectMany(count => Gen.ArrayOf(One, count)), steps => Shorter(steps).Concat(Simpler(steps)));

    private static (int, Gen<Deed>)[] Weighted(params (int More, Deed Deed)[] often) => Enum.GetValues<Deed>()
        .Select(deed => (often.FirstOrDefault(one => one.Deed == deed).More + 1, Gen.Constant(deed)))
        .ToArray();

    private static IEnumerable<Step[]> Shorter(Step[] steps)
    {
        for (var size = steps.Length / 2; size > 0; size /= 2)
            for (var from = 0; from + size <= steps.Length; from += size)
                yield return [.. steps[..from], .. steps[(from + size)..]];
    }

    private static IEnumerable<Step[]> Simpler(Step[] steps)
    {
        for (var i = 0; i < steps.Length; i++)
            foreach (var simpler in Simpler(steps[i]))
                yield return [.. steps[..i], simpler, .. steps[(i + 1)..]];
    }

    private static IEnumerable<Step> Simpler(Step step)
    {
        if (step.Wait > Wait.None) yield return step with { Wait = Wait.None };
        if (step.Wait > Wait.None && step.Wait < Wait.UntilDue) yield return step with { Wait = step.Wait - 1 };
        if (step.Deed is Deed.ReserveMore or Deed.ReserveTwo) yield return step with { Deed = Deed.Reserve };
        if (step.Quantity > 0) yield return step with { Quantity = step.Quantity / 2 };
        if (step.Quantity > 0) yield return step with { Quantity = step.Quantity - 1 };
        if (step.Which > 0) yield return step with { Which = 0 };
        if (step.Which > 0) yield return step with { Which = step.Which - 1 };
    }
}
