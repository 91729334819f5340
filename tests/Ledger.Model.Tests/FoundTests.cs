namespace Metering.Ledger.Model;

/// <summary>What random sequences found wrong in the ledger, each cut down to the steps that show it.</summary>
[Category("Model")]
public class FoundTests
{
    private static IEnumerable<TestCaseData> Found()
    {
        yield return Case("Overage goes back first, also when an extension drew from a quota that was raised since",
            new(Deed.Read, Wait.None, 7, 0), new(Deed.ReserveMore, Wait.None, 59, 0), new(Deed.Reserve, Wait.None, 9, 0),
            new(Deed.Customize, Wait.None, 61, 0), new(Deed.ExtendQuantity, Wait.None, 4, 0), new(Deed.Commit, Wait.None, 2, 0));
        yield return Case("What a refund leaves free is by the limits of the plan in force",
            new(Deed.PostPaid, Wait.None, 4, 0), new(Deed.Assign, Wait.None, 8, 4), new(Deed.RefundAll, Wait.None, 0, 0));
        yield return Case("Nobody can take any more of a period that was ended early and closed",
            new(Deed.Reserve, Wait.UntilDue, 24, 0), new(Deed.ReserveIn, Wait.None, 0, 0), new(Deed.Assign, Wait.None, 14, 7),
            new(Deed.Commit, Wait.None, 0, 0), new(Deed.Assign, Wait.UntilDue, 0, 2), new(Deed.RefundAll, Wait.None, 0, 0));
        yield return Case("What is left of groups that share credits is so after the whole command",
            new(Deed.Reserve, Wait.None, 28, 6), new(Deed.Grant, Wait.None, 4, 0), new(Deed.ReserveTwo, Wait.None, 78, 1));
        yield return Case("Late usage is drawn from a window as it was left",
            new(Deed.Check, Wait.UntilDue, 3, 0), new(Deed.Assign, Wait.UntilDue, 2, 1), new(Deed.SameSource, Wait.UntilDue, 0, 0),
            new(Deed.Reserve, Wait.None, 0, 0), new(Deed.Commit, Wait.None, 0, 0), new(Deed.RefundLate, Wait.UntilDue, 0, 11),
            new(Deed.Reserve, Wait.UntilDue, 0, 0), new(Deed.Late, Wait.None, 68, 0));
        yield return Case("Late usage of an ended period in a window that still runs has the limits of now",
            new(Deed.Reserve, Wait.None, 26, 0), new(Deed.CommitWhole, Wait.Hour, 0, 0), new(Deed.Assign, Wait.None, 39, 8),
            new(Deed.Late, Wait.None, 2, 0));
        yield return Case("A refund adjusts by the terms that its period was closed with",
            new(Deed.RefundAll, Wait.None, 4, 0), new(Deed.Assign, Wait.None, 70, 10), new(Deed.PostPaid, Wait.None, 0, 0),
            new(Deed.Assign, Wait.None, 18, 0), new(Deed.RefundLate, Wait.UntilDue, 0, 0), new(Deed.CommitOther, Wait.JustBeforeDue, 0, 0),
            new(Deed.Reserve, Wait.Second, 0, 0));
        yield return Case("A threshold is armed again by a raised limit, not by any change of limits after a refund",
            new(Deed.Reserve, Wait.None, 0, 0), new(Deed.CommitOther, Wait.None, 33, 8), new(Deed.Refund, Wait.None, 0, 0),
            new(Deed.Reserve, Wait.None, 0, 0), new(Deed.Customize, Wait.None, 0, 0), new(Deed.Commit, Wait.None, 0, 0));
        yield return Case("A plan assigned at the moment at which another ended starts a period of its own",
            new(Deed.EndPlan, Wait.None, 0, 0), new(Deed.Assign, Wait.None, 0, 0));
        yield return Case("A period reset in the last tick of its day is the next day",
            new(Deed.Assign, Wait.JustBeforeDue, 8, 2), new(Deed.Assign, Wait.None, 8, 5));
        yield return Case("A period that was over at once hands on what rolled into it",
            new(Deed.Repeat, Wait.None, 18, 0), new(Deed.Assign, Wait.None, 70, 0), new(Deed.PostPaid, Wait.UntilDue, 0, 0),
            new(Deed.Grant, Wait.UntilDue, 0, 0), new(Deed.Assign, Wait.None, 38, 11), new(Deed.SameSource, Wait.UntilDue, 0, 0));
        yield return Case("What a child takes of its run beyond its own hold counts in the run's windows",
            new(Deed.Read, Wait.None, 4, 0), new(Deed.Grant, Wait.None, 69, 0), new(Deed.ReserveTwo, Wait.None, 67, 12),
            new(Deed.ReserveIn, Wait.None, 3, 0), new(Deed.CommitOther, Wait.Hour, 4, 6));
    }

    [TestCaseSource(nameof(Found))]
    public void Stays_right(Step[] steps)
    {
        var twins = new Twins();
        twins.Do(new Step(Deed.Assign, Wait.None, steps[0].Quantity, 0));
        foreach (var step in steps) twins.Do(step);
        twins.CheckAtEnd();
    }

    private static TestCaseData Case(string name, params Step[] steps) => new TestCaseData([steps]).SetName(name);
}
