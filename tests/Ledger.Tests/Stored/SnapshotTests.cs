using System.Text;
using System.Text.Json;
using Metering.Ledger.Accounts;
using Metering.Ledger.Catalog;
using Metering.Ledger.Pricing;
using Metering.Ledger.Stored;
using Metering.Ledger.Tests.Accounts;
using Metering.Ledger.Windows;
using static Metering.Ledger.Tests.Accounts.AccountSamples;
using static Metering.Ledger.Tests.Accounts.LedgerSpec;

namespace Metering.Ledger.Tests.Stored;

/// <summary>A snapshot is a cache: with the tail it is the full fold, wherever it was taken.</summary>
public sealed class SnapshotTests
{
    private static readonly Overage TwoTiers =
        new(500, TierMode.Graduated, [new Tier(10, new(2, 1), 0), new Tier(long.MaxValue, new(4, 1), 0)]);

    /// <summary>One of each thing that state can hold, at one time or another.</summary>
    private static IReadOnlyList<LedgerEvent> Eventful()
    {
        var month = Quota(100) with
        {
            RolloverMax = 50, Thresholds = [50, 90], Overage = TwoTiers, Reporting = new("t", 1, Reports.Charge),
        };
        var day = Quota(10, "images", "image.*", "count") with { Window = WindowLength.Day, Overage = TwoTiers };
        var plan = PlanOf(month, day, Cap(400), Dollars(1_000) with { Matches = [new Match("money.*", Attributes.None)] });
        var spec = Given(Assign(90, plan with { LateGrace = TimeSpan.FromHours(2) }, customer: "cus_1"));
        spec.And(Grant(1, 40, June.AddDays(3), priority: 2), Grant(2, 30), Track(3, Tokens(180)), Track(4, Images(25)));
        spec.And(Reserve(5, Tokens(7)), Extend(6, of: 5, TenMinutes, Tokens(3)), Customize(7, new CustomLimit("tokens", 120)));
        spec.And(Assign(8, PlanOf(month with { Thresholds = [20] }, Cap(300))), Commit(9, of: 5, Tokens(4)), Refund(10, of: 3, Back(5)));
        spec.At(May.AddDays(1)).And(Track(11, Images(12), Tokens(1).Of("large")), Suspend(12));
        spec.And(PostPaid(13, Images(1), Tokens(1) with { Meter = "none" }));
        spec.And(Late(14, May, Images(2)), Resume(15), Revoke(16, grant: 2));
        spec.At(June.AddMinutes(-5)).And(Reserve(17, Tokens(1)));
        spec.At(June).And(Reserve(18, Tokens(2)), Late(19, May.AddDays(3), Tokens(1)));
        spec.At(June.AddHours(3)).And(Refund(20, of: 4), Refund(21, of: 3), End(22), Track(23, Images(1)) with { Enforced = false });
        spec.And(Refund(24, of: 11));
        spec.At(July).And(Assign(25, plan), Track(26, Tokens(60)), Reserve(27, Tokens(5)));
        return spec.Stream;
    }

    private static LedgerState Folded(IEnumerable<LedgerEvent> events, LedgerState? onto = null)
    {
        var state = onto ?? new LedgerState();
        foreach (var happened in events) Fold.Apply(state, happened);
        return state;
    }

    [Test]
    public void With_the_tail_it_is_the_full_fold_wherever_it_was_taken()
    {
        var stream = Eventful();
        var full = Folded(stream);
        for (var taken = 0; taken <= stream.Count; taken++)
        {
            var restored = LedgerSnapshots.Restore(LedgerSnapshots.Save(Folded(stream.Take(taken))).Span);
            Assert.That((restored.Revision, restored.Expiries.Count), Is.EqualTo((taken - 1, restored.Holds.Count)));
            Assert.That(StateDump.Of(Folded(stream.Skip(taken), restored)), Is.EqualTo(StateDump.Of(full)), $"taken after {taken} events");
        }
    }

    [Test]
    public void The_example_holds_all_that_a_state_can()
    {
        var stream = Eventful();
        var kinds = typeof(LedgerEvent).Assembly.GetTypes().Where(type => type.IsSubclassOf(typeof(LedgerEvent)));
        Assert.That(stream.Select(happened => happened.GetType()).Distinct(), Is.EquivalentTo(kinds));
        var states = Enumerable.Range(0, stream.Count).Select(count => Folded(stream.Take(count + 1))).ToArray();
        bool Some(Func<LedgerState, bool> holds) => Array.Exists(states, state => holds(state));
        Assert.Multiple(() =>
        {
            Assert.That(Some(state => state.Holds.Count > 1), "holds");
            Assert.That(Some(state => state.Suspended), "suspended");
            Assert.That(Some(state => state.NextPlan is not null), "a plan that waits");
            Assert.That(Some(state => state.Ended.Any(ended => ended.Groups.Any(sum => sum.LimitAtEnd is not null))), "ended periods");
            Assert.That(Some(state => state.Owed.Count > 0), "owed");
            Assert.That(Some(state => state.RefundedOverage.Count > 0 && state.LateRefunds.Count > 0), "late refunds");
            Assert.That(Some(state => state.Groups.Any(group => group.Windows.Any(window => window.Reached.Count > 0))), "thresholds");
            Assert.That(Some(state => state.Current?.Groups.Any(sum => sum.Windows.Count > 1) ?? false), "overage per window");
            Assert.That(Some(state => state.Grants.Any(grant => grant.Revoked)), "revoked");
            Assert.That(Some(state => state.Groups.Any(group => group.Windows.Any(window => window.RolloverSize > 0))), "rollover");
            Assert.That(Some(state => state.Remembered is { Count: > 0, ForgottenUpto: > 0 }), "remembered and forgotten ids");
        });
    }

    [Test]
    public void It_decides_as_the_state_does()
    {
        var stream = Eventful();
        var restored = LedgerSnapshots.Restore(LedgerSnapshots.Save(Folded(stream)).Span);
        var now = July.AddMonths(2);
        var (one, other) = (Decisions.Take(Folded(stream), Close(3), now, Zones), Decisions.Take(restored, Close(3), now, Zones));
        Assert.That(one.Events, Is.Not.Empty);
        Assert.That(other.Events, Is.EqualTo(one.Events));
    }

    [Test]
    public void Facts_that_are_in_no_stream_yet_are_in_no_snapshot()
    {
        var state = Folded(Eventful());
        Decisions.Take(state, new GetUsage(), July.AddMonths(2), Zones);
        Assert.That(state.Unappended, Is.Not.Empty);
        Assert.That(() => LedgerSnapshots.Save(state), Throws.InvalidOperationException);
    }

    [Test]
    public void Bytes_that_are_cut_off_anywhere_are_refused()
    {
        var bytes = LedgerSnapshots.Save(Folded(Eventful())).ToArray();
        for (var length = 0; length < bytes.Length; length += 97)
            Assert.That(() => LedgerSnapshots.Restore(bytes.AsSpan(0, length)), Throws.InstanceOf<JsonException>(), $"{length} bytes");
    }

    [TestCase("null")]
    [TestCase("[]")]
    [TestCase("\"state\"")]
    [TestCase("{\"revision\":\"x\"}")]
    [TestCase("{\"remembered\":{}}")]
    [TestCase("{\"remembered\":[]}")]
    [TestCase("{\"remembered\":[0,\"x\"]}")]
    [TestCase("{\"remembered\":[0,\"019e2589-c0d5-7a11-8c4e-5b21907d3fd0\"]}")]
    [TestCase("{\"remembered\":[null]}")]
    [TestCase("{\"grants\":[{}]}")]
    [TestCase("{\"grants\":[[]]}")]
    [TestCase("{\"grants\":[[null,\"tokens\",\"payment\",false,1,0,0,0,-1,0,0,0]]}")]
    [TestCase("{\"grants\":[[\"019e2589-c0d5-7a11-8c4e-5b21907d3fd0\",\"tokens\",null,false,1,0,0,0,-1,0,0,0]]}")]
    [TestCase("{\"grants\":[[\"019e2589-c0d5-7a11-8c4e-5b21907d3fd0\",\"tokens\",\"payment\",false,1,0,0,0,-1,0,0]]}")]
    [TestCase("{\"grants\":[[\"019e2589-c0d5-7a11-8c4e-5b21907d3fd0\",\"tokens\",\"payment\",false,1,0,0,0,-1,0,0,0,0]]}")]
    [TestCase("{\"holds\":null}")]
    [TestCase("{\"surprise\":1}")]
    public void What_is_no_state_is_refused(string json) =>
        Assert.That(() => LedgerSnapshots.Restore(Encoding.UTF8.GetBytes(json)), Throws.InstanceOf<JsonException>());
}
