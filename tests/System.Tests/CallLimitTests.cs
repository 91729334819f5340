using Grpc.Core;
using Metering.V1;

namespace Metering.SystemTests;

/// <summary>More calls than may be under way.</summary>
internal sealed class CallLimitTests
{
    private const string User = "limited";
    private string folder = null!;

    [SetUp]
    public void NewFolder() => folder = Directory.CreateTempSubdirectory("metering-tests-").FullName;

    [TearDown]
    public void DeleteFolder() => Directory.Delete(folder, recursive: true);

    [Test]
    public async Task What_is_taken_is_answered_and_the_rest_is_refused_at_once_with_nothing_done()
    {
        await using var service = await Start(callsMost: 3);
        List<Task<StatusCode>> calls;
        await using (await StoreLock.Take(folder))
        {
            calls = [.. Enumerable.Range(0, 8).Select(_ => Reserve(service))];
            for (var refused = 0; refused < 5; refused++)
            {
                var answered = await Task.WhenAny(calls);
                Assert.That(await answered, Is.EqualTo(StatusCode.ResourceExhausted));
                calls.Remove(answered);
            }
            Assert.That(calls, Has.All.Property(nameof(Task.IsCompleted)).False, "the store takes nothing yet");
        }
        Assert.That(await Task.WhenAll(calls), Is.EqualTo(new[] { StatusCode.OK, StatusCode.OK, StatusCode.OK }));
        Assert.That(await Held(service), Is.EqualTo(3), "each is 1, and there is room for calls again");
    }

    [Test]
    public async Task Calls_that_stay_open_take_no_place()
    {
        await using var service = await Start(callsMost: 1);
        using var watch = service.Reservations.WatchUsage(new WatchUsageRequest { User = User });
        Assert.That(await watch.ResponseStream.MoveNext(default));
        using var session = service.Reservations.Session();
        await session.RequestStream.WriteAsync(new SessionRequest { Reserve = Scene.Reserve(User, 1) });
        Assert.That(await session.ResponseStream.MoveNext(default));
        Assert.That(await Held(service), Is.EqualTo(1));
    }

    private async Task<HostProcess> Start(int callsMost)
    {
        var service = await HostProcess.StartOnly("Reservations", folder, $"--CallsMost={callsMost}");
        await service.PublishPlan("limited", 1_000);
        await service.Assign(User, "limited");
        return service;
    }

    private static async Task<StatusCode> Reserve(HostProcess service)
    {
        try
        {
            await service.Reservations.ReserveAsync(Scene.Reserve(User, 1));
            return StatusCode.OK;
        }
        catch (RpcException refused)
        {
            return refused.StatusCode;
        }
    }

    private static async Task<long> Held(HostProcess service) =>
        (await service.Reservations.GetUsageAsync(new GetUsageRequest { User = User })).Usage.Groups[0].Held;
}
