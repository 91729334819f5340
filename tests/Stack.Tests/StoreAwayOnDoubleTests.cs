using System.Collections.Concurrent;
using System.Diagnostics;
using Grpc.Core;
using Metering.EventStoreDouble.Hosting;
using Metering.V1;

namespace Metering.StackTests;

/// <summary>The full stack on the double of EventStoreDB, which is away for half a minute: callers are refused at once, and nothing is half done.</summary>
public sealed class StoreAwayOnDoubleTests
{
    private const int Callers = 16;
    private static readonly TimeSpan Away = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan AtOnce = TimeSpan.FromSeconds(3);
    private static readonly string[] Users = [.. Enumerable.Range(0, 8).Select(n => $"user-{n}")];

    [TearDown]
    public void Clean() => FullStack.KeepIfFailed();

    [Test, CancelAfter(300_000)]
    public async Task Callers_are_told_at_once_and_service_resumes_by_itself()
    {
        await using var store = await DoubleCluster.Start();
        await using var stack = await FullStack.Start(new Dictionary<string, string> { ["EVENTSTORE"] = store.ConnectionString });
        using var services = new Services(stack);
        await Shop.Open(services, quota: 1_000_000_000);
        await Task.WhenAll(Users.Select(user => Shop.Subscribe(services, user)));
        var traffic = new Traffic(services, Users, Callers);
        traffic.Start();
        await traffic.Further(500);
        await store.Nodes[0].Stop();
        var refusals = await Refused(services);
        await store.Nodes[0].Start();
        await traffic.Further(500);
        await traffic.Stop();
        Assert.That(refusals.Select(refusal => refusal.Status).Distinct(), Is.EqualTo(new[] { StatusCode.Unavailable }));
        Assert.That(refusals.Max(refusal => refusal.Took), Is.LessThan(AtOnce));
        foreach (var user in Users) await IsWhole(services, user, traffic.Acknowledged[user]);
        await stack.Up();
    }

    /// <summary>What new callers hear for as long as the store is away.</summary>
    private static async Task<IReadOnlyCollection<(StatusCode Status, TimeSpan Took)>> Refused(Services services)
    {
        var (refusals, start) = (new ConcurrentQueue<(StatusCode, TimeSpan)>(), Stopwatch.GetTimestamp());
        for (var turn = 0; Stopwatch.GetElapsedTime(start) < Away; turn++)
        {
            refusals.Enqueue(await Refusal(services.Instances[turn % services.Instances.Count], Users[turn % Users.Length]));
            await Task.Delay(TimeSpan.FromMilliseconds(100));
        }
        return refusals;
    }

    private static async Task<(StatusCode Status, TimeSpan Took)> Refusal(Reservations.ReservationsClient instance, string user)
    {
        var request = new ReserveRequest { User = user, CommandId = Services.NewId(), Lines = { new Line { Meter = Shop.Meter, Quantity = 1 } } };
        var asked = Stopwatch.GetTimestamp();
        try
        {
            await instance.ReserveAsync(request);
            return (StatusCode.OK, Stopwatch.GetElapsedTime(asked));
        }
        catch (RpcException refused)
        {
            return (refused.StatusCode, Stopwatch.GetElapsedTime(asked));
        }
    }

    /// <summary>Every command that was answered happened once, and whatever was committed had been reserved.</summary>
    private static async Task IsWhole(Services services, string user, IEnumerable<string> acknowledged)
    {
        var happened = (await Ledger.Of(services, user)).ByCommand;
        Assert.That(acknowledged.Where(command => happened[command].Count() != 1), Is.Empty, user);
        Assert.That(happened.Where(command => command.Count() != 1), Is.Empty, user);
        var verified = await Services.Insist(call => services.Balances.VerifyAsync(new VerifyRequest { User = user }, call));
        Assert.That(verified.Break, Is.Null, $"{user}: {verified.Break}");
    }
}
