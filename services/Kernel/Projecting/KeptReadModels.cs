using System.Globalization;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Metering.Kernel.Grpc;
using Metering.Kernel.ReadModels;
using Metering.V1;

namespace Metering.Kernel.Projecting;

/// <summary>The read models that this instance keeps or stands by for: how each stands, and its rebuild.</summary>
public sealed class KeptReadModels(IEnumerable<Keeper> keepers)
{
    private readonly SortedDictionary<string, Keeper> byName = new(keepers.ToDictionary(keeper => keeper.Name), StringComparer.Ordinal);

    /// <summary>How each stands, in order of their names.</summary>
    public async Task<GetProgressReply> Progress(CancellationToken cancellation)
    {
        var reply = new GetProgressReply();
        foreach (var name in byName.Keys) reply.ReadModels.Add(await Progress(name, cancellation));
        return reply;
    }

    /// <summary>Begins rebuilds; whichever instance keeps a read model does the work.</summary>
    /// <exception cref="RpcException">None is named, or one that there is not.</exception>
    public async Task<RebuildReply> Rebuild(RebuildRequest request, CancellationToken cancellation)
    {
        var reply = new RebuildReply();
        foreach (var name in Named(request.ReadModels))
        {
            await byName[name].Generations.Begin(cancellation);
            reply.ReadModels.Add(await Progress(name, cancellation));
        }
        return reply;
    }

    private IEnumerable<string> Named(IReadOnlyList<string> names)
    {
        var expected = $"one or more of {string.Join(", ", byName.Keys)}";
        if (names.Count == 0) throw RpcErrors.Invalid("read_models", expected, "there are none");
        return names.FirstOrDefault(name => !byName.ContainsKey(name)) is { } unknown
            ? throw RpcErrors.Invalid("read_models", expected, $"'{unknown[..Math.Min(unknown.Length, 128)]}' is not")
            : names.Distinct();
    }

    private async Task<ReadModelProgress> Progress(string name, CancellationToken cancellation)
    {
        var (keeper, generations) = (byName[name], byName[name].Generations);
        var live = await generations.Live(cancellation);
        var counts = await Counts(name, live, cancellation);
        var progress = new ReadModelProgress
        {
            Name = name, Generation = live.Number, Position = await PositionOf(live, cancellation), Events = counts.Values.Sum(),
        };
        progress.EventsByType.Add(counts.ToDictionary());
        var standing = await keeper.Standing(cancellation);
        if (standing is not null) Add(progress, standing);
        if (await generations.Next(cancellation) is { } next) progress.Rebuild = await Rebuild(name, next, standing, cancellation);
        return progress;
    }

    private static void Add(ReadModelProgress progress, Standing standing)
    {
        progress.CaughtUp = standing is { CaughtUpAt: not null, Error: null } && standing.Lag == TimeSpan.Zero;
        (progress.Instance, progress.UpdatedAt) = (standing.Instance, standing.UpdatedAt.ToTimestamp());
        progress.Lag = Duration.FromTimeSpan(standing.Lag);
        if (standing.Error is { } error) progress.Error = error;
    }

    private static async Task<RebuildProgress> Rebuild(string name, Generation next, Standing? standing, CancellationToken cancellation)
    {
        var events = (await Counts(name, next, cancellation)).Values.Sum();
        var rebuild = new RebuildProgress { Generation = next.Number, Position = await PositionOf(next, cancellation), Events = events };
        if (standing?.RebuildError is { } error) rebuild.Error = error;
        return rebuild;
    }

    private static async Task<IReadOnlyDictionary<string, long>> Counts(string name, Generation generation, CancellationToken cancellation) =>
        (await generation.Documents.Load<EventCounts>([name], cancellation)).GetValueOrDefault(name)?.ByType ?? new Dictionary<string, long>();

    private static async Task<string> PositionOf(Generation generation, CancellationToken cancellation)
    {
        var position = await generation.Documents.Checkpoint(cancellation);
        return string.Create(CultureInfo.InvariantCulture, $"{position.Commit}/{position.Prepare}");
    }
}
