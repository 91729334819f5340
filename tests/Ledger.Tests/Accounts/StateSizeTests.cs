using Metering.Ledger.Accounts;
using Metering.Ledger.Catalog;
using Metering.Ledger.Stored;
using Metering.Ledger.Windows;
using static Metering.Ledger.Tests.Accounts.AccountSamples;
using static Metering.Ledger.Tests.Accounts.LedgerSpec;

namespace Metering.Ledger.Tests.Accounts;

/// <summary>A million users are kept in memory: what each takes counts (design.md, section 12).</summary>
public sealed class StateSizeTests
{
    private const int Users = 2_000;

    /// <summary>A plan of three groups, a hold, its commit: as stored, so that no two users are given the same object.</summary>
    private static (string Type, ReadOnlyMemory<byte> Data)[] Stream()
    {
        var day = Cap(1_000) with { Label = "daily", Window = WindowLength.Day };
        var spec = Given(Assign(90, PlanOf(Quota(1_000), day, day with { Label = "hourly", Window = WindowLength.Hour })));
        spec.And(Reserve(1, Tokens(70)), Commit(2, of: 1, Tokens(40)));
        return [.. spec.Stream.Select(LedgerEvents.Encode)];
    }

    private static LedgerState Folded((string Type, ReadOnlyMemory<byte> Data)[] stream)
    {
        var state = new LedgerState();
        foreach (var (type, data) in stream) Fold.Apply(state, LedgerEvents.Decode(type, data.Span));
        return state;
    }

    [Test]
    public void A_quiet_user_takes_less_than_two_kilobytes([Values] bool restored)
    {
        var stream = Stream();
        var snapshot = LedgerSnapshots.Save(Folded(stream));
        LedgerState Made() => restored ? LedgerSnapshots.Restore(snapshot.Span) : Folded(stream);
        var (all, _) = (new LedgerState[Users], Made());
        var before = GC.GetTotalMemory(forceFullCollection: true);
        for (var user = 0; user < Users; user++) all[user] = Made();
        var each = (GC.GetTotalMemory(forceFullCollection: true) - before) / Users;
        TestContext.Out.WriteLine($"{each} bytes");
        Assert.That(each, Is.InRange(1, 1_900), "with its mailbox, and with three remembered ids");
        Assert.That(all, Has.All.Property(nameof(LedgerState.Revision)).EqualTo(stream.Length - 1));
    }

    [Test]
    public void Equal_plans_are_one_object_in_all_states()
    {
        var stream = Stream();
        var (one, other) = (Folded(stream), LedgerSnapshots.Restore(LedgerSnapshots.Save(Folded(stream)).Span));
        Assert.That(other.Plan!.Plan, Is.SameAs(one.Plan!.Plan));
        Assert.That(other.Plan, Is.SameAs(other.LastPlan).And.SameAs(other.Plans[0]));
        Assert.That(other.Current!.Groups[0].Group, Is.SameAs(one.Plan.Plan.Groups[0]).And.SameAs(one.Current!.Groups[0].Group));
    }

    [Test]
    public void Plans_that_differ_stay_apart()
    {
        var plan = PlanOf(Quota(100));
        var other = plan with { Groups = [plan.Groups[0] with { Quota = 101 }] };
        Assert.That(SharedPlans.Of(plan), Is.EqualTo(plan));
        Assert.That(SharedPlans.Of(other), Is.EqualTo(other).And.Not.EqualTo(plan));
        Assert.That(SharedPlans.Of(plan with { }), Is.SameAs(SharedPlans.Of(plan)));
    }
}
