using System.Text;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Metering.Kernel.Deciding;
using Metering.Kernel.Streams;
using Metering.Ledger.Accounts;
using Metering.Reservations.Models;
using static Metering.Reservations.Tests.Repeats.World;

namespace Metering.Reservations.Tests.Repeats;

/// <summary>
/// A user's state goes out of memory after every command and comes back from its snapshot, or without one: the answers are those of a world
/// in which it stays. Both have the same clock and are sent the same messages.
/// </summary>
public sealed class SnapshotTests
{
    private const string Stream = "ledger-ann";

    private static readonly (string, string)[] Forgetful =
        [("Reservations:Deciding:StreamsCached", "1"), ("Reservations:Deciding:SnapshotEvery", "1")];

    private readonly ManualTime clock = new();
    private World calm = null!;
    private World forgetful = null!;
    private Func<Snapshot, Snapshot?> disturb = kept => kept;
    private int bystanders;

    [SetUp]
    public async Task Start()
    {
        calm = await World.Start(clock);
        forgetful = await World.Start(clock, false, Forgetful);
        calm.Begin(1, "ann");
        forgetful.Begin(1, "ann");
    }

    [TearDown]
    public async Task Stop()
    {
        await calm.DisposeAsync();
        await forgetful.DisposeAsync();
    }

    private static IEnumerable<TestCaseData> Disturbances()
    {
        yield return Case("kept", kept => kept, readsAll: false);
        yield return Case("deleted", _ => null);
        yield return Case("of another version", kept => kept with { Version = "of another time" });
        yield return Case("empty", kept => kept with { Data = Array.Empty<byte>() });
        yield return Case("cut off", kept => kept with { Data = kept.Data[..(kept.Data.Length / 2)] });
        yield return Case("not JSON", kept => kept with { Data = Encoding.UTF8.GetBytes("not a snapshot") });
        yield return Case("JSON of nothing", kept => kept with { Data = Sealed.Close("{}"u8) });
        yield return Case("null", kept => kept with { Data = Sealed.Close("null"u8) });
        yield return Case("of another bit", kept => kept with { Data = Flipped(kept.Data) });
        yield return Case("of another revision", kept => kept with { Revision = Math.Max(0, kept.Revision - 1) });
    }

    [TestCaseSource(nameof(Disturbances))]
    public async Task Whatever_becomes_of_snapshots_the_answers_are_the_same(Func<Snapshot, Snapshot?> disturbance, bool readsAll)
    {
        disturb = disturbance;
        await Live();
        Assert.That(await forgetful.Events(), Is.EqualTo(await calm.Events()));
        if (!readsAll) Assert.That(forgetful.Streams.SnapshotsFound, Is.GreaterThan(10));
        Assert.That(forgetful.Streams.FullReads(Stream), readsAll ? Is.GreaterThan(10) : Is.LessThan(6), "one is after a snapshot of the first event");
    }

    [Test]
    public async Task No_bit_of_a_snapshot_can_change_unseen()
    {
        await Same(Assign("pro"));
        await Same(Reserve(100));
        await Evict();
        var snapshot = (await forgetful.Streams.LoadSnapshot(Stream, default))!;
        var model = new LedgerModel();
        Assert.That(model.Restore(snapshot), Is.Not.Null);
        for (var i = 0; i < snapshot.Data.Length * 8; i += 5)
        {
            var data = snapshot.Data.ToArray();
            data[i / 8] ^= (byte)(1 << (i % 8));
            Assert.That(model.Restore(snapshot with { Data = data }), Is.Null, $"bit {i}");
        }
    }

    /// <summary>All that a state can hold: holds, credits, limits, thresholds, late refunds, carried periods, remembered ids.</summary>
    private async Task Live()
    {
        await Same(Assign("pro"));
        var (first, second) = (Reserve(100), Reserve(50));
        await Same(first);
        await Same(new V1.ExtendRequest { User = "ann", CommandId = calm.Id(), ReservationId = first.CommandId, Add = { Line(20) } });
        var grant = new V1.GrantCreditRequest { User = "ann", CommandId = calm.Id(), Unit = "tokens", Amount = 50, Source = "pay_1" };
        await Same(grant);
        var commit = new V1.CommitRequest
        {
            User = "ann", CommandId = calm.Id(), ReservationId = first.CommandId, Actual = new() { Items = { Line(70) } },
        };
        await Same(commit);
        await Same(Refund(first, 20));
        await Same(second);
        await Same(commit, first);
        await LiveOn(grant);
        await LiveLater(first);
    }

    private async Task LiveOn(V1.GrantCreditRequest grant)
    {
        await Same(Track(V1.TrackMode.Enforced, 60));
        await Same(new V1.SuspendRequest { User = "ann", CommandId = calm.Id(), Reason = "fraud" }, Reserve(1));
        await Same(new V1.ResumeRequest { User = "ann", CommandId = calm.Id() });
        var own = new V1.CustomLimit { Group = "tokens", Quota = 200 };
        await Same(new V1.CustomizeLimitsRequest { User = "ann", CommandId = calm.Id(), Limits = { own } });
        await Same(Reserve(150), Track(V1.TrackMode.PostPaid, 160));
        await Same(new V1.RevokeCreditRequest { User = "ann", CommandId = calm.Id(), GrantId = grant.CommandId });
        clock.Pass(TimeSpan.FromMinutes(15));
        await Same(new V1.GetUsageRequest { User = "ann" }, Reserve(1));
    }

    private async Task LiveLater(V1.ReserveRequest first)
    {
        clock.Pass(TimeSpan.FromDays(40));
        await Same(Refund(first, 10), Reserve(30));
        await Same(new V1.ClosePeriodRequest { User = "ann", Period = 1 }, Track(V1.TrackMode.Enforced, 250));
        await Same(new V1.AssignPlanRequest(Assign("pro")) { Change = V1.PlanChange.NowReset });
        await Same(new V1.GetUsageRequest { User = "ann" });
        await Same(new V1.EndPlanRequest { User = "ann", CommandId = calm.Id() }, Refund(first, 5));
        await Same(Assign("pro"), new V1.GetUsageRequest { User = "ann" });
    }

    private async Task Same(params IMessage[] requests)
    {
        foreach (var request in requests)
        {
            await Evict();
            Assert.That(await forgetful.Ask(request), Is.EqualTo(await calm.Ask(request)), $"{request}");
        }
    }

    // room for one stream: whoever comes next takes it
    private async Task Evict()
    {
        await forgetful.Ask(new V1.GetUsageRequest { User = $"bystander-{++bystanders}" });
        if (await forgetful.Streams.LoadSnapshot(Stream, default) is { } kept)
            await forgetful.Streams.SaveSnapshot(Stream, disturb(kept), default);
    }

    private V1.AssignPlanRequest Assign(string plan) => new() { User = "ann", CommandId = calm.Id(), PlanId = plan };

    private V1.ReserveRequest Reserve(long quantity) => new() { User = "ann", CommandId = calm.Id(), Lines = { Line(quantity) } };

    private V1.TrackRequest Track(V1.TrackMode mode, long quantity) => new()
    {
        User = "ann", CommandId = calm.Id(), Lines = { Line(quantity) }, Mode = mode,
        OccurredAt = mode == V1.TrackMode.PostPaid ? clock.GetUtcNow().AddSeconds(-5).ToTimestamp() : null,
    };

    private V1.RefundRequest Refund(V1.ReserveRequest reserve, long quantity) => new()
    {
        User = "ann", CommandId = calm.Id(), ReservationId = reserve.CommandId, Reason = "bad",
        Lines = new() { Items = { Line(quantity) } },
    };

    private static TestCaseData Case(string name, Func<Snapshot, Snapshot?> disturb, bool readsAll = true) =>
        new TestCaseData(disturb, readsAll).SetArgDisplayNames(name);

    private static byte[] Flipped(ReadOnlyMemory<byte> data)
    {
        var flipped = data.ToArray();
        flipped[^2] ^= 1;
        return flipped;
    }
}
