using System.Collections.Concurrent;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Metering.V1;

namespace Metering.StackTests;

/// <summary>
/// Callers that reserve and commit on some users, on every instance by turns, until told to stop. A command that failed in passing is sent again,
/// to the next instance: what was acknowledged is remembered by its command id.
/// </summary>
internal sealed class Traffic(Services services, IReadOnlyList<string> users, int callers)
{
    private const int Held = 100;

    private readonly ConcurrentBag<(string User, string Command)> acknowledged = [];
    private readonly CancellationTokenSource stopping = new();
    private long calls;
    private int instance;
    private Task running = Task.CompletedTask;

    /// <summary>With what another acknowledged.</summary>
    public Traffic Joined(Traffic other)
    {
        foreach (var command in other.acknowledged) acknowledged.Add(command);
        return this;
    }

    /// <summary>Every command that was answered.</summary>
    public ILookup<string, string> Acknowledged => acknowledged.ToLookup(command => command.User, command => command.Command);

    public void Start() => running = Task.WhenAll(Enumerable.Range(0, callers).Select(Call));

    /// <summary>Ends once this many further calls have been committed.</summary>
    public async Task Further(int count)
    {
        var goal = Interlocked.Read(ref calls) + count;
        while (Interlocked.Read(ref calls) < goal)
        {
            if (running.IsCompleted) await running;
            await Task.WhenAny(running, Task.Delay(20));
        }
    }

    public async Task Stop()
    {
        await stopping.CancelAsync();
        await running;
    }

    private async Task Call(int caller)
    {
        for (var turn = caller; !stopping.IsCancellationRequested; turn++)
        {
            var user = users[turn % users.Count];
            var hold = Services.NewId();
            var reserve = new ReserveRequest
            {
                User = user, CommandId = hold, Lines = { Tokens(Held) }, TimeToLive = TimeSpan.FromSeconds(30).ToDuration(),
            };
            var reply = await Acknowledge(user, hold, (client, call) => client.ReserveAsync(reserve, call));
            Assert.That(reply.Allowed, Is.True, $"{reply.Denial}");
            var actual = Tokens(1 + (turn % Held));
            var commit = new CommitRequest { User = user, CommandId = Services.NewId(), ReservationId = hold, Actual = new() { Items = { actual } } };
            await Acknowledge(user, commit.CommandId, (client, call) => client.CommitAsync(commit, call));
            Interlocked.Increment(ref calls);
        }
    }

    private async Task<T> Acknowledge<T>(string user, string command, Func<Reservations.ReservationsClient, CallOptions, AsyncUnaryCall<T>> send)
    {
        var reply = await Services.Insist(call => send(services.Instances[Next()], call));
        acknowledged.Add((user, command));
        return reply;
    }

    private int Next() => (int)((uint)Interlocked.Increment(ref instance) % services.Instances.Count);

    private static Line Tokens(long quantity) => new() { Meter = Shop.Meter, Quantity = quantity };
}
