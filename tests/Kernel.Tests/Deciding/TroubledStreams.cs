using System.Runtime.CompilerServices;
using Metering.Kernel.Streams;

namespace Metering.Kernel.Tests.Deciding;

/// <summary>A store in trouble, on demand: held appends, lost answers, an outage. What it does is done by the store behind it.</summary>
internal sealed class TroubledStreams(IEventStreams streams) : IEventStreams
{
    private TaskCompletionSource? hold;

    /// <summary>So many appends are done but answered as unknown.</summary>
    public int AnswersToLose { get; set; }

    public bool IsAway { get; set; }
    public int Appends { get; private set; }
    public int Reads { get; private set; }

    /// <summary>Completes when an append has arrived while held.</summary>
    public TaskCompletionSource Arrived { get; private set; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>No snapshot is saved before.</summary>
    public Task SnapshotsWaitFor { get; set; } = Task.CompletedTask;

    /// <summary>Completes when a snapshot is saved.</summary>
    public TaskCompletionSource SnapshotSaved { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Hold() => hold = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public void LetGo()
    {
        var held = hold!;
        hold = null;
        held.SetResult();
    }

    public async Task<Appended> Append(string stream, long expectedRevision, IReadOnlyList<NewEvent> events, CancellationToken cancellation)
    {
        Appends++;
        Check();
        if (hold is { } held)
        {
            Arrived.TrySetResult();
            await held.Task;
        }
        var appended = await streams.Append(stream, expectedRevision, events, cancellation);
        if (AnswersToLose-- > 0) throw new StreamsUnavailableException("the answer was lost", outcomeUnknown: true);
        return appended;
    }

    public async IAsyncEnumerable<StoredEvent> Read(
        string stream, Direction direction, long from, int limit, [EnumeratorCancellation] CancellationToken cancellation)
    {
        Reads++;
        Check();
        await foreach (var stored in streams.Read(stream, direction, from, limit, cancellation)) yield return stored;
    }

    public IAsyncEnumerable<EventBatch> Subscribe(Position after, IReadOnlyList<string> prefixes, CancellationToken cancellation) =>
        streams.Subscribe(after, prefixes, cancellation);

    public async Task SaveSnapshot(string stream, Snapshot? snapshot, CancellationToken cancellation)
    {
        await SnapshotsWaitFor;
        await streams.SaveSnapshot(stream, snapshot, cancellation);
        SnapshotSaved.TrySetResult();
    }

    public Task<Snapshot?> LoadSnapshot(string stream, CancellationToken cancellation)
    {
        Check();
        return streams.LoadSnapshot(stream, cancellation);
    }

    public Task<DateTimeOffset> Clock(CancellationToken cancellation) => streams.Clock(cancellation);

    private void Check()
    {
        if (IsAway) throw new StreamsUnavailableException("the store is away", outcomeUnknown: false);
    }
}
