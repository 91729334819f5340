using Metering.Kernel.ReadModels;
using Metering.Kernel.Streams;

namespace Metering.Kernel.Projecting;

/// <summary>How a read model follows from events.</summary>
/// <param name="Prefixes">Of the streams that it follows.</param>
/// <param name="Fold">
/// The documents that some events change, as they are afterwards. It takes the events of a batch together, so that it loads each document once.
/// The documents may depend on the events alone, not on how they were cut into batches. An event that it does not know throws: nothing is skipped.
/// </param>
public sealed record Projection(IReadOnlyList<string> Prefixes, Fold Fold);

/// <inheritdoc cref="Projection" path="/param[@name='Fold']"/>
public delegate Task<IReadOnlyCollection<IDocument>> Fold(
    IReadOnlyList<StoredEvent> events, IReadModel model, CancellationToken cancellation);

/// <summary>How many events a read model has taken in, by stored name. Every projected read model has one, with the model's name as its id.</summary>
public sealed record EventCounts(string Id, IReadOnlyDictionary<string, long> ByType) : IDocument
{
    /// <summary>With some more events taken in.</summary>
    public EventCounts Plus(IEnumerable<StoredEvent> events)
    {
        var counts = new SortedDictionary<string, long>(ByType.ToDictionary(), StringComparer.Ordinal);
        foreach (var happened in events)
            counts[happened.Type] = counts.GetValueOrDefault(happened.Type) + 1;
        return this with { ByType = counts };
    }
}

/// <summary>How a projector stands.</summary>
/// <param name="Position">How far the documents have followed the streams.</param>
/// <param name="CaughtUp">True if nothing newer was in the store when it last looked.</param>
/// <param name="CaughtUpAt">When that was last so; none until the first time.</param>
/// <param name="UpdatedAt">When it last took something in or found nothing newer.</param>
/// <param name="Error">What stops it now: it tries again from where it stands, with pauses, and skips nothing.</param>
public sealed record Progress(Position Position, bool CaughtUp, DateTimeOffset? CaughtUpAt, DateTimeOffset UpdatedAt, Exception? Error)
{
    /// <summary>True if it has caught up at least once and nothing stops it.</summary>
    public bool Ready => CaughtUpAt is not null && Error is null;
}
