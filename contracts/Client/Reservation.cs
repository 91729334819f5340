using Google.Protobuf.WellKnownTypes;
using Metering.V1;

namespace Metering.Client;

/// <summary>What a reserve was answered. Disposing it releases an allowed hold that nobody tried to commit or release.</summary>
public sealed class Reservation : IAsyncDisposable
{
    private readonly MeteringClient metering;
    private readonly string user;
    private string? commit;
    private string? release;

    internal Reservation(MeteringClient metering, string user, ReserveReply reply)
    {
        (this.metering, this.user) = (metering, user);
        (Granted, Denial) = (reply.Granted, reply.Denial);
        Deadline = Granted?.Deadline.ToDateTimeOffset();
    }

    /// <summary>True if the call may run.</summary>
    public bool Allowed => Granted is not null;

    /// <summary>The hold, if allowed.</summary>
    public Granted? Granted { get; }

    /// <summary>Why not, if not allowed.</summary>
    public Denial? Denial { get; }

    /// <summary>The reservation's id: a later refund names it.</summary>
    /// <exception cref="InvalidOperationException">It was denied.</exception>
    public string Id => Granted?.ReservationId ?? throw new InvalidOperationException($"The reservation was denied: {Denial?.Reason}");

    /// <summary>When the hold should be settled, if allowed.</summary>
    public DateTimeOffset? Deadline { get; private set; }

    /// <summary>
    /// Reserves a part of this hold, which makes it a run: one budget for many calls, each reserved from it. What a part does not use returns to
    /// the run while that is open; disposing the run gives back all that is left of it.
    /// <code>
    /// await using var run = await metering.Reserve(user, [Line.Of("llm.output_tokens", 100_000)], TimeSpan.FromHours(1));
    /// await using var step = await run.Reserve([Line.Of("llm.output_tokens", 4000)]);
    /// </code>
    /// Denied with <see cref="DenialReason.RunBudget"/> if the run has not enough left. A part cannot be a run itself.
    /// </summary>
    /// <param name="lines">What is about to be used, at most.</param>
    /// <param name="timeToLive">How long to hold, no longer than the run; 10 minutes by default.</param>
    /// <param name="cancellation">Gives up waiting. The part may be reserved all the same, until it expires.</param>
    public Task<Reservation> Reserve(IEnumerable<Line> lines, TimeSpan? timeToLive = null, CancellationToken cancellation = default)
    {
        var request = new ReserveRequest { User = user, ParentId = Id, Lines = { lines }, TimeToLive = timeToLive?.ToDuration() };
        return metering.Reserve(request, cancellation);
    }

    /// <summary>Charges what was really used and gives the rest back. After an exception it can be called again: it happens once.</summary>
    /// <param name="actual">What was really used; the whole hold by default.</param>
    /// <param name="cancellation">Gives up waiting. The commit may have happened all the same.</param>
    public Task<CommitReply> Commit(IEnumerable<Line>? actual = null, CancellationToken cancellation = default)
    {
        var request = new CommitRequest { User = user, ReservationId = Id, Actual = MeteringClient.Listed(actual) };
        request.CommandId = commit ??= metering.NewId();
        return metering.Commit(request, cancellation);
    }

    /// <summary>Gives the hold back. After an exception it can be called again: it happens once.</summary>
    public Task<ReleaseReply> Release(CancellationToken cancellation = default)
    {
        var request = new ReleaseRequest { User = user, ReservationId = Id };
        request.CommandId = release ??= metering.NewId();
        return metering.Release(request, cancellation);
    }

    /// <summary>Moves the deadline, adds to the hold, or both. Denied, the hold is as it was.</summary>
    /// <param name="timeToLive">The new deadline from now; the old one stays by default.</param>
    /// <param name="add">What to add; nothing by default.</param>
    /// <param name="cancellation">Gives up waiting. The hold may be extended all the same.</param>
    public async Task<ExtendReply> Extend(
        TimeSpan? timeToLive = null, IEnumerable<Line>? add = null, CancellationToken cancellation = default)
    {
        var request = new ExtendRequest { User = user, CommandId = metering.NewId(), ReservationId = Id, TimeToLive = timeToLive?.ToDuration() };
        request.Add.AddRange(add ?? []);
        var reply = await metering.Extend(request, cancellation);
        if (reply.Extended is { } extended) Deadline = extended.Deadline.ToDateTimeOffset();
        return reply;
    }

    /// <summary>Releases the hold, if it is allowed and unsettled. Never throws for a release that failed: the hold expires by itself.</summary>
    public async ValueTask DisposeAsync()
    {
        // A commit of unknown outcome stands for usage that happened: releasing the hold then would give it away.
        if (!Allowed || commit is not null || release is not null) return;
        try
        {
            await Release();
        }
        catch (MeteringException)
        {
        }
    }
}
