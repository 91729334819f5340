using Metering.Client;
using Metering.V1;

namespace Metering.SystemTests;

/// <summary>Two instances of Reservations on one event store.</summary>
internal sealed class InstancesTests
{
    private const long Quota = 1_000;
    private static readonly MeteringOptions Patient = new() { Timeout = TimeSpan.FromSeconds(60), Tries = 100 };

    private string folder = null!;
    private HostProcess one = null!;
    private HostProcess other = null!;

    [OneTimeSetUp]
    public async Task Start()
    {
        folder = Directory.CreateTempSubdirectory("metering-tests-").FullName;
        one = await HostProcess.StartOnly("Reservations", folder);
        other = await HostProcess.StartOnly("Reservations", folder);
        await one.PublishPlan("shared", Quota);
    }

    [OneTimeTearDown]
    public async Task Stop()
    {
        await one.DisposeAsync();
        await other.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    [Test]
    public async Task Of_64_callers_on_one_user_exactly_the_quota_is_granted()
    {
        await one.Assign("hot", "shared");
        var reserved = await Task.WhenAll(Enumerable.Range(0, 64).Select(caller => ReserveAll(caller % 2 == 0 ? one : other)));
        var holds = reserved.SelectMany(held => held).ToArray();
        Assert.That(holds, Has.Length.EqualTo(Quota / 5).And.Unique);
        foreach (var instance in new[] { one, other })
            Assert.That((await Tokens(instance, "hot")).Held, Is.EqualTo(Quota));
        Assert.That(await one.Events("hot"), Is.EqualTo(1 + Quota / 5), "one assignment, the holds, no denial");
    }

    [Test]
    public async Task A_command_sent_to_both_happens_once()
    {
        await one.Assign("twice", "shared");
        var request = Scene.Reserve("twice", 10);
        var replies = await Task.WhenAll(
            one.Reservations.ReserveAsync(request).ResponseAsync, other.Reservations.ReserveAsync(request).ResponseAsync);
        Assert.That(replies.Select(reply => reply.Repeated), Is.EquivalentTo(new[] { true, false }));
        Assert.That((await Tokens(one, "twice")).Held, Is.EqualTo(10));
    }

    [Test]
    public async Task A_watcher_sees_what_the_other_instance_does()
    {
        await one.Assign("watched", "shared");
        using var stop = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        using var watch = other.Reservations.WatchUsage(new WatchUsageRequest { User = "watched" });
        await watch.ResponseStream.MoveNext(stop.Token);
        await one.Reservations.ReserveAsync(Scene.Reserve("watched", 30));
        await watch.ResponseStream.MoveNext(stop.Token);
        Assert.That(watch.ResponseStream.Current.Usage.Groups[0].Held, Is.EqualTo(30));
    }

    [Test]
    public async Task What_one_publishes_the_other_knows_at_once()
    {
        await one.PublishPlan("fresh", Quota);
        await other.Assign("fresh", "fresh");
        Assert.That((await Tokens(one, "fresh")).Quota, Is.EqualTo(Quota));
    }

    /// <summary>Reserves 5 at a time until denied; the holds.</summary>
    private static async Task<List<string>> ReserveAll(HostProcess instance)
    {
        var (metering, holds) = (new MeteringClient(instance.Reservations, options: Patient), new List<string>());
        while (await metering.Reserve("hot", [Scene.Line(5)]) is { Allowed: true } hold) holds.Add(hold.Id);
        return holds;
    }

    private static async Task<GroupUsage> Tokens(HostProcess instance, string user) =>
        (await instance.Reservations.GetUsageAsync(new GetUsageRequest { User = user })).Usage.Groups[0];
}
