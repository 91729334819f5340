using Metering.Kernel.Streams;

namespace Metering.Kernel.ReadModels;

/// <summary>
/// The generations of one read model: the documents that queries see and, while it is rebuilt, a second set beside them that takes their
/// place at once when it has come as far. And whose turn it is: of the instances that share a store one keeps the read model, the others
/// stand by.
/// </summary>
public interface IGenerations
{
    /// <summary>The read model's name, document types and indexes.</summary>
    ReadModelSchema Schema { get; }

    /// <summary>What queries see now.</summary>
    Task<Generation> Live(CancellationToken cancellation);

    /// <summary>What is being built beside it; none unless a rebuild was begun.</summary>
    Task<Generation?> Next(CancellationToken cancellation);

    /// <summary>Begins a rebuild: a generation without documents, at the start. If one was begun before, that one goes on.</summary>
    Task<Generation> Begin(CancellationToken cancellation);

    /// <summary>
    /// Puts <paramref name="next"/> in the place of the live one. False, and nothing is changed, unless it is what is being built and has
    /// followed the streams as far as the live one: queries never go back.
    /// </summary>
    Task<bool> Switch(Generation next, CancellationToken cancellation);

    /// <summary>Deletes what was replaced long enough ago that no query is still reading it.</summary>
    Task Sweep(CancellationToken cancellation);

    /// <summary>Waits until it is this instance's turn to keep the read model.</summary>
    Task<ITurn> Turn(CancellationToken cancellation);

    /// <summary>What the instance that keeps it said last; none if none ever did.</summary>
    Task<Said?> Standing(CancellationToken cancellation);
}

/// <summary>One set of documents; numbers grow.</summary>
public sealed record Generation(int Number, IReadModel Documents);

/// <summary>One instance's turn; ends when disposed of, or by itself when the instance or its connection is gone.</summary>
public interface ITurn : IAsyncDisposable
{
    /// <summary>Tells the others how the read model stands. Throws if the turn has ended: another instance may have it.</summary>
    Task Say(Standing standing, CancellationToken cancellation);
}

/// <summary>How a read model stands, in the words of the instance that keeps it.</summary>
/// <param name="Instance">Which one: machine and process.</param>
/// <param name="UpdatedAt">When it last took something in or found nothing newer.</param>
/// <param name="CaughtUpAt">When nothing newer was in the streams; none if that was never so in its turn.</param>
/// <param name="Lag">For how long the documents may have been behind the streams.</param>
/// <param name="Error">What stops it, if anything.</param>
/// <param name="RebuildError">What stops the rebuild, if anything.</param>
public sealed record Standing(
    string Instance, DateTimeOffset UpdatedAt, DateTimeOffset? CaughtUpAt, TimeSpan Lag, string? Error, string? RebuildError);

/// <summary>What was said and how long ago, by the store's clock.</summary>
public sealed record Said(Standing Standing, TimeSpan Ago);

/// <summary>The live generation, whichever it is at the moment of a call: what queries read.</summary>
public sealed class LiveReadModel(IGenerations generations) : IReadModel
{
    public ReadModelSchema Schema => generations.Schema;

    public async Task<Position> Checkpoint(CancellationToken cancellation) => await (await Live(cancellation)).Checkpoint(cancellation);

    public async Task<IReadOnlyDictionary<string, T>> Load<T>(IReadOnlyCollection<string> ids, CancellationToken cancellation)
        where T : class, IDocument => await (await Live(cancellation)).Load<T>(ids, cancellation);

    public async Task<IReadOnlyList<T>> Range<T>(DocumentIndex<T> index, KeyRange range, int limit, CancellationToken cancellation)
        where T : class, IDocument => await (await Live(cancellation)).Range(index, range, limit, cancellation);

    public async Task<bool> Apply(IReadOnlyCollection<IDocument> documents, Position after, Position upto, CancellationToken cancellation) =>
        await (await Live(cancellation)).Apply(documents, after, upto, cancellation);

    private async Task<IReadModel> Live(CancellationToken cancellation) => (await generations.Live(cancellation)).Documents;
}
