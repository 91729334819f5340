using Metering.Bench.Loads;

namespace Metering.Bench;

/// <summary>What a run is told: where the servers are, and whether it is the short form.</summary>
internal sealed record Settings(
    string Folder, string Pgbench, int PostgresPort, int PostgresPid, int RedisPort, int RedisPid, string? EventStore, bool Quick,
        string? Only)
{
    internal Bounds Bounds => Quick
        ? new(TimeSpan.FromSeconds(0.6), TimeSpan.FromSeconds(1.2), 20_000)
        : new(TimeSpan.FromSeconds(4), TimeSpan.FromSeconds(10), 1_000_000);

    /// <summary>Once, before the first row of a host, besides each row's own.</summary>
    internal TimeSpan FirstWarmUp => TimeSpan.FromSeconds(Quick ? 1 : 15);

    /// <summary>The same of each host of the scaling table.</summary>
    internal TimeSpan ScaleWarmUp => TimeSpan.FromSeconds(Quick ? 0.5 : 8);

    internal int[] UnaryCallers => Quick ? [64] : [1, 16, 64, 256];

    /// <summary>Sessions, and commands in flight in each.</summary>
    internal (int Streams, int InFlight)[] Sessions => Quick ? [(64, 16)] : [(1, 16), (16, 16), (64, 1), (64, 16)];

    /// <summary>Of the overload, and of each of the two loads before it.</summary>
    internal TimeSpan OverloadTime => TimeSpan.FromSeconds(Quick ? 2 : 8);

    internal int LongHistory => Quick ? 20_000 : 1_000_000;

    internal int CachedUsers => Quick ? 2_000 : 50_000;

    internal int[] ScaleUsers => Quick ? [100, 1_000] : [100, 1_000, 10_000, 100_000, 1_000_000];

    internal int[] ScaleEvents => Quick ? [1_000, 10_000] : [1_000, 10_000, 100_000, 1_000_000];

    internal Bounds ScaleBounds => Quick
        ? new(TimeSpan.FromSeconds(0.3), TimeSpan.FromSeconds(0.6), 20_000)
        : new(TimeSpan.FromSeconds(4), TimeSpan.FromSeconds(6), 1_000_000);

    /// <summary>For what is measured once: a folder that is removed in the end.</summary>
    internal string Work(string name) => Directory.CreateDirectory(Path.Combine(Folder, "work", name)).FullName;

    /// <summary>All parts but the scaling table, if none is named.</summary>
    internal bool Wants(string part) => Only is null ? part != "scale" : Only.Split(',').Contains(part);
}
