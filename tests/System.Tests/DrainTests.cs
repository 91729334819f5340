using System.Collections.Concurrent;
using Grpc.Core;
using Metering.V1;

namespace Metering.SystemTests;

/// <summary>A service that is told to stop.</summary>
internal sealed class DrainTests
{
    private const int Users = 8;
    private readonly ConcurrentQueue<string> acknowledged = new();
    private string folder = null!;
    private HostProcess service = null!;

    [SetUp]
    public async Task Start()
    {
        folder = Directory.CreateTempSubdirectory("metering-tests-").FullName;
        service = await HostProcess.StartOnly("Reservations", folder);
        await service.PublishPlan("drained", 1_000_000_000);
        for (var user = 0; user < Users; user++) await service.Assign(UserOf(user), "drained");
    }

    [TearDown]
    public async Task Stop()
    {
        await service.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    [Test]
    public async Task Under_load_what_was_taken_is_answered_and_nothing_else_is_done()
    {
        var enough = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Task<StatusCode>[] load =
        [
            .. Enumerable.Range(0, 32).Select(caller => Call(UserOf(caller % Users), enough)),
            .. Enumerable.Range(0, 4).Select(session => CallInSession(UserOf(session), enough)),
        ];
        await enough.Task;
        service.Terminate();
        Assert.That(await Task.WhenAll(load), Has.All.EqualTo(StatusCode.Unavailable));
        Assert.That(await service.Ended(), Is.Zero);

        await service.DisposeAsync();
        service = await HostProcess.StartOnly("Reservations", folder);
        foreach (var user in acknowledged.GroupBy(user => user))
            Assert.That(await Held(user.Key), Is.EqualTo(user.Count()), $"{user.Key}: each is 1");
    }

    [Test]
    public async Task Readiness_is_red_and_new_calls_are_refused_while_the_last_ones_are_answered()
    {
        AsyncUnaryCall<ReserveReply> last;
        await using (await StoreLock.Take(folder))
        {
            last = service.Reservations.ReserveAsync(Scene.Reserve(UserOf(0), 10));
            await Held(UserOf(1)); // sent after it and answered: so it has begun
            service.Terminate();
            Assert.That(await service.Becomes(ready: false), Does.Contain("serving: Unhealthy the program is stopping"));
            var refused = Assert.ThrowsAsync<RpcException>(async () => await Held(UserOf(1)))!;
            Assert.That((refused.StatusCode, refused.Status.Detail), Is.EqualTo((StatusCode.Unavailable,
                "this instance is stopping: nothing was done, send it to another one with the same id")));
        }
        Assert.That((await last).Allowed);
        Assert.That(await service.Ended(), Is.Zero);
    }

    [Test]
    public async Task The_host_ends_in_the_same_order()
    {
        await service.DisposeAsync();
        service = await HostProcess.Start(folder);
        await service.Becomes(ready: true);
        service.Terminate();
        Assert.That(await service.Ended(), Is.Zero);
    }

    private static string UserOf(int number) => $"drained-{number}";

    private async Task<StatusCode> Call(string user, TaskCompletionSource enough)
    {
        try
        {
            while (true)
            {
                await service.Reservations.ReserveAsync(Scene.Reserve(user, 1));
                Acknowledge(user, enough);
            }
        }
        catch (RpcException ended)
        {
            enough.TrySetResult();
            return ended.StatusCode;
        }
    }

    /// <summary>64 commands under way, each answer followed by the next command.</summary>
    private async Task<StatusCode> CallInSession(string user, TaskCompletionSource enough)
    {
        using var session = service.Reservations.Session();
        try
        {
            for (var i = 0; i < 64; i++) await session.RequestStream.WriteAsync(Request(user));
            while (await session.ResponseStream.MoveNext(default))
            {
                Assert.That(session.ResponseStream.Current.Reserve.Allowed);
                Acknowledge(user, enough);
                await session.RequestStream.WriteAsync(Request(user));
            }
        }
        catch (Exception ended) when (ended is RpcException or InvalidOperationException)
        {
            return await Rest(session, user, enough);
        }
        return session.GetStatus().StatusCode;
    }

    // nothing more can be written; what was read before is still answered
    private async Task<StatusCode> Rest(
        AsyncDuplexStreamingCall<SessionRequest, SessionReply> session, string user, TaskCompletionSource enough)
    {
        try
        {
            while (await session.ResponseStream.MoveNext(default)) Acknowledge(user, enough);
        }
        catch (RpcException)
        {
        }
        return session.GetStatus().StatusCode;
    }

    private static SessionRequest Request(string user) => new() { Reserve = Scene.Reserve(user, 1) };

    private void Acknowledge(string user, TaskCompletionSource enough)
    {
        acknowledged.Enqueue(user);
        if (acknowledged.Count >= 2_000) enough.TrySetResult();
    }

    private async Task<long> Held(string user) =>
        (await service.Reservations.GetUsageAsync(new GetUsageRequest { User = user })).Usage.Groups[0].Held;
}
