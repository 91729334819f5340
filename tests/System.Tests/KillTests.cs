using System.Collections.Concurrent;
using Grpc.Core;
using Metering.V1;

namespace Metering.SystemTests;

internal sealed class KillTests : SystemTest
{
    private readonly ConcurrentQueue<(ReserveRequest Request, ReserveReply Reply)> acknowledged = new();

    [Test]
    public async Task Kill_9_in_the_middle_of_a_run_loses_no_acknowledged_event()
    {
        await Host.PublishPlan("killed", 1_000_000_000);
        for (var user = 0; user < 16; user++) await Host.Assign($"killed-{user}", "killed");
        var enough = new TaskCompletionSource();
        var load = Enumerable.Range(0, 16).Select(user => Load($"killed-{user}", enough)).ToArray();
        await enough.Task;
        await Host.Kill();
        await Task.WhenAll(load);
        await Host.DisposeAsync();

        Host = await HostProcess.Start(DataFolder);
        foreach (var (request, reply) in acknowledged)
        {
            var again = await Host.Reservations.ReserveAsync(request);
            Assert.That(again.Repeated, $"{request.CommandId} was acknowledged and is not in the ledger");
            again.Repeated = false;
            Assert.That(again, Is.EqualTo(reply));
        }
        await EveryHoldIsOneThatWasAskedFor();
    }

    /// <summary>Reserves until the host is gone; what was answered is kept.</summary>
    private async Task Load(string user, TaskCompletionSource enough)
    {
        try
        {
            while (true)
            {
                var request = Scene.Reserve(user, 1);
                acknowledged.Enqueue((request, await Host.Reservations.ReserveAsync(request)));
                if (acknowledged.Count >= 2_000) enough.TrySetResult();
            }
        }
        catch (RpcException gone) when (gone.StatusCode is StatusCode.Unavailable or StatusCode.Cancelled or StatusCode.Internal or StatusCode.Unknown)
        {
            enough.TrySetResult();
        }
    }

    private async Task EveryHoldIsOneThatWasAskedFor()
    {
        foreach (var user in acknowledged.GroupBy(one => one.Request.User))
        {
            var usage = (await Host.Reservations.GetUsageAsync(new GetUsageRequest { User = user.Key })).Usage;
            Assert.That(usage.Groups[0].Held, Is.InRange(user.Count(), user.Count() + 1), "at most the one in flight came on top");
        }
        Assert.That(acknowledged, Has.Count.GreaterThanOrEqualTo(2_000));
    }
}
