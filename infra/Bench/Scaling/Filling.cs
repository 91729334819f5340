using Metering.Bench.Contestants;
using Metering.Bench.Histories;
using Metering.Kernel.Deciding;
using Metering.Kernel.Streams;
using Metering.Ledger.Accounts;
using Metering.Ledger.Stored;

namespace Metering.Bench.Scaling;

/// <summary>Users who have a plan and nothing else: their first events, written as the product would have.</summary>
internal static class Filling
{
    private const int AppendsAtOnce = 2_000;

    internal static async Task Fill(IEventStreams streams, int users)
    {
        var now = TimeProvider.System.GetUtcNow();
        var command = Guid.CreateVersion7(now);
        var assign = new AssignPlan(command, default, History.Open(Shop.Quota), PlanChange.NextPeriod, null);
        var assigned = Decisions.Take(new LedgerState(), assign, now, _ => TimeZoneInfo.Utc).Events.Select(LedgerEvents.Encode).ToArray();
        await Parallel.ForAsync(0, users, new ParallelOptions { MaxDegreeOfParallelism = AppendsAtOnce },
            async (user, _) => await Append(streams, $"ledger-{Requests.User(user)}", assigned, command));
    }

    private static async Task Append(IEventStreams streams, string stream, (string Type, ReadOnlyMemory<byte> Data)[] stored, Guid command)
    {
        var (head, events) = (new byte[Chain.HashSize], new List<NewEvent>(stored.Length));
        foreach (var (type, data) in stored)
            events.Add(Chain.Next(head, stream, events.Count, new Fact(type, data, command), new Caller("bench", null)));
        await streams.Append(stream, Revisions.None, events, CancellationToken.None);
    }
}
