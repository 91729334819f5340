using System.Collections.Concurrent;
using Grpc.Core;
using Metering.Ledger.Accounts;
using Metering.V1;

namespace Metering.Balances.Tests;

/// <summary>Stands in for the service Accounts in closing: really decides, on the state of its players, and appends.</summary>
internal sealed class ClosingAccounts(Kernel.Streams.IEventStreams streams) : Accounts.AccountsBase
{
    private readonly ConcurrentQueue<ClosePeriodRequest> asked = new();

    public ConcurrentDictionary<string, Player> Players { get; } = new();

    /// <summary>Answers the next so many calls with <c>UNAVAILABLE</c>.</summary>
    public int Failures { get; set; }

    public ClosePeriodRequest[] Asked => [.. asked];

    public override async Task<ClosePeriodReply> ClosePeriod(ClosePeriodRequest request, ServerCallContext context)
    {
        asked.Enqueue(request);
        if (Failures-- > 0) throw new RpcException(new Status(StatusCode.Unavailable, "away"));
        if (context.Deadline == DateTime.MaxValue) throw new RpcException(new Status(StatusCode.Internal, "no deadline"));
        var player = Players[request.User];
        var answer = player.Do(new ClosePeriod(Guid.Empty, default, request.Period));
        if (player.Events.Count > 0) await player.AppendTo(streams, context.CancellationToken);
        return answer is Refused refused
            ? throw new RpcException(new Status(StatusCode.FailedPrecondition, refused.Message))
            : new ClosePeriodReply { Repeated = answer is ClosedBefore };
    }
}
