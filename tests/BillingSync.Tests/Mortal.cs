using Metering.BillingSync.Reports;
using Metering.BillingSync.Sending;
using Metering.Kernel.Streams;

namespace Metering.BillingSync.Tests;

/// <summary>A process that lives for so many steps: before and after every append and every call.</summary>
internal sealed class Life(int steps)
{
    private int left = steps;

    public bool IsOver { get; private set; }

    public Action Died { get; set; } = () => { };

    public void Step()
    {
        if (!IsOver && Interlocked.Decrement(ref left) > 0) return;
        IsOver = true;
        Died();
        throw new OperationCanceledException("the process is gone");
    }
}

/// <summary>The streams as a mortal process reaches them: an append may be done without its knowing.</summary>
internal sealed class MortalStreams(IEventStreams streams, Life life) : IEventStreams
{
    public async Task<Appended> Append(string stream, long expectedRevision, IReadOnlyList<NewEvent> events, CancellationToken cancellation)
    {
        life.Step();
        var appended = await streams.Append(stream, expectedRevision, events, cancellation);
        life.Step();
        return appended;
    }

    public IAsyncEnumerable<StoredEvent> Read(
        string stream, Direction direction, long from, int limit = int.MaxValue, CancellationToken cancellation = default) =>
        streams.Read(stream, direction, from, limit, cancellation);

    public IAsyncEnumerable<EventBatch> Subscribe(Position after, IReadOnlyList<string> prefixes, CancellationToken cancellation) =>
        streams.Subscribe(after, prefixes, cancellation);

    public Task SaveSnapshot(string stream, Snapshot? snapshot, CancellationToken cancellation) => streams.SaveSnapshot(stream, snapshot, cancellation);

    public Task<Snapshot?> LoadSnapshot(string stream, CancellationToken cancellation) => streams.LoadSnapshot(stream, cancellation);

    public Task<DateTimeOffset> Clock(CancellationToken cancellation) => streams.Clock(cancellation);
}

/// <summary>Stripe as a mortal process reaches it.</summary>
internal sealed class MortalSink(IUsageSink sink, Life life) : IUsageSink
{
    public async Task<SendResult> Send(Outgoing report, string idempotencyKey)
    {
        life.Step();
        var result = await sink.Send(report, idempotencyKey);
        life.Step();
        return result;
    }
}
