namespace Metering.Kernel.Streams.EventStoreDB;

/// <summary>Streams that the adapter keeps for itself, or the store for its own: no subscription shows them and nobody appends to
/// them.</summary>
internal static class OwnStreams
{
    public const string Clock = "metering-clock";

    /// <summary>A pattern that all other streams' names match.</summary>
    public const string NoneOfThem = $@"^(?!\$|{SnapshotPrefix}|{Clock}$)";

    private const string SnapshotPrefix = "snapshot-";

    public static string SnapshotOf(string stream) => SnapshotPrefix + stream;

    public static bool Has(string stream) =>
        stream == Clock || stream.StartsWith(SnapshotPrefix, StringComparison.Ordinal) || stream.StartsWith('$');

    /// <exception cref="ArgumentException">The name is the adapter's or the store's.</exception>
    public static void Refuse(string stream)
    {
        if (Has(stream)) throw new ArgumentException($"{stream} is a name that the event store keeps for itself", nameof(stream));
    }
}
