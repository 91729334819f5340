using System.Runtime.CompilerServices;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Metering.V1;

namespace Metering.Client;

/// <summary>
/// Metering from .NET: makes the command ids, and sends a command that met overload, a clash or a lost connection again under its id, so that it
/// happens once. Safe for concurrent use. Every method throws <see cref="MeteringException"/> for what is an error, and never for a denial.
/// </summary>
/// <param name="calls">The generated client of a channel to Metering, or of a <see cref="Failover"/> to several instances.</param>
/// <param name="time">Dates the command ids and measures the pauses; the system's by default.</param>
/// <param name="options">How long and how often a command is tried.</param>
public sealed class MeteringClient(Reservations.ReservationsClient calls, TimeProvider? time = null, MeteringOptions? options = null)
{
    private readonly TimeProvider time = time ?? TimeProvider.System;
    private readonly Tries tries = new(time ?? TimeProvider.System, options ?? new MeteringOptions());

    /// <summary>
    /// Sets amounts aside before they are used. Await-using the reservation gives them back unless they were committed:
    /// <code>
    /// await using var hold = await metering.Reserve(user, [Line.Of("llm.output_tokens", 4000, ("model", "large"))]);
    /// if (!hold.Allowed) return hold.Denial;
    /// var answer = await CallModel();
    /// await hold.Commit([Line.Of("llm.output_tokens", answer.Tokens, ("model", "large"))]);
    /// </code>
    /// </summary>
    /// <param name="user">Who spends.</param>
    /// <param name="lines">What is about to be used, at most.</param>
    /// <param name="timeToLive">How long to hold, 1 s–24 h; 10 minutes by default.</param>
    /// <param name="cancellation">Gives up waiting. The hold may exist all the same, until it expires.</param>
    public Task<Reservation> Reserve(
        string user, IEnumerable<Line> lines, TimeSpan? timeToLive = null, CancellationToken cancellation = default) =>
        Reserve(new ReserveRequest { User = user, Lines = { lines }, TimeToLive = timeToLive?.ToDuration() }, cancellation);

    /// <summary>Records usage without a hold: <see cref="TrackMode.Enforced"/> must find room, <see cref="TrackMode.PostPaid"/> need not.</summary>
    /// <param name="user">Who used it.</param>
    /// <param name="lines">What was used.</param>
    /// <param name="mode">Whether it must find room.</param>
    /// <param name="occurredAt">When it really happened, for post-paid usage that is told late; now by default.</param>
    /// <param name="cancellation">Gives up waiting. The usage may be recorded all the same.</param>
    public Task<TrackReply> Track(
        string user, IEnumerable<Line> lines, TrackMode mode, DateTimeOffset? occurredAt = null, CancellationToken cancellation = default)
    {
        var request = new TrackRequest { User = user, CommandId = NewId(), Lines = { lines }, Mode = mode };
        request.OccurredAt = occurredAt?.ToTimestamp();
        return tries.Run(call => calls.TrackAsync(request, call), cancellation);
    }

    /// <summary>Gives committed usage back to where it came from, at any later date.</summary>
    /// <param name="user">The user of the reservation.</param>
    /// <param name="reservation">Its id.</param>
    /// <param name="reason">Why, for the record.</param>
    /// <param name="lines">How much of which committed line; all that is left by default.</param>
    /// <param name="cancellation">Gives up waiting. The refund may have happened all the same.</param>
    public Task<RefundReply> Refund(
        string user, string reservation, string reason, IEnumerable<Line>? lines = null, CancellationToken cancellation = default)
    {
        var request = new RefundRequest { User = user, CommandId = NewId(), ReservationId = reservation, Reason = reason, Lines = Listed(lines) };
        return tries.Run(call => calls.RefundAsync(request, call), cancellation);
    }

    /// <summary>What a reservation of these lines would be answered now. Promises nothing.</summary>
    public Task<CheckReply> Check(string user, IEnumerable<Line> lines, CancellationToken cancellation = default)
    {
        var request = new CheckRequest { User = user, Lines = { lines } };
        return tries.Run(call => calls.CheckAsync(request, call), cancellation);
    }

    /// <summary>The user's balances now.</summary>
    public async Task<Usage> GetUsage(string user, CancellationToken cancellation = default)
    {
        var request = new GetUsageRequest { User = user };
        return (await tries.Run(call => calls.GetUsageAsync(request, call), cancellation)).Usage;
    }

    /// <summary>The user's balances at once, then after each change. A lost connection ends it with an exception: start again.</summary>
    public async IAsyncEnumerable<Usage> WatchUsage(string user, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        using var call = calls.WatchUsage(new WatchUsageRequest { User = user }, cancellationToken: cancellation);
        while (await HasNext(call.ResponseStream, cancellation)) yield return call.ResponseStream.Current.Usage;
    }

    internal string NewId() => Guid.CreateVersion7(time.GetUtcNow()).ToString();

    internal async Task<Reservation> Reserve(ReserveRequest request, CancellationToken cancellation)
    {
        request.CommandId = NewId();
        return new Reservation(this, request.User, await tries.Run(call => calls.ReserveAsync(request, call), cancellation));
    }

    internal Task<CommitReply> Commit(CommitRequest request, CancellationToken cancellation) =>
        tries.Run(call => calls.CommitAsync(request, call), cancellation);

    internal Task<ReleaseReply> Release(ReleaseRequest request, CancellationToken cancellation) =>
        tries.Run(call => calls.ReleaseAsync(request, call), cancellation);

    internal Task<ExtendReply> Extend(ExtendRequest request, CancellationToken cancellation) =>
        tries.Run(call => calls.ExtendAsync(request, call), cancellation);

    internal static Lines? Listed(IEnumerable<Line>? lines) => lines is null ? null : new Lines { Items = { lines } };

    private static async Task<bool> HasNext(IAsyncStreamReader<WatchUsageReply> replies, CancellationToken cancellation)
    {
        try
        {
            return await replies.MoveNext(cancellation);
        }
        catch (RpcException error)
        {
            cancellation.ThrowIfCancellationRequested();
            throw new MeteringException(error);
        }
    }
}
