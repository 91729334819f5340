using Metering.Kernel.Streams;

namespace Metering.Kernel.Deciding;

/// <summary>A hash that was told to others: the event at <paramref name="Revision"/> must still have it.</summary>
public sealed record PublishedHash(long Revision, string Hash);

/// <summary>What a stream's chain comes to.</summary>
/// <param name="Events">Verified, from the first one on.</param>
/// <param name="Head">The hash of the last of them; none without any.</param>
/// <param name="Break">The first break; none: the chain is whole.</param>
public sealed record ChainReport(long Events, string? Head, ChainBreak? Break);

/// <summary>Where a chain breaks first.</summary>
/// <param name="Revision">Where the event should be that is not as it was written.</param>
/// <param name="Found">The event that is there; none: there is none.</param>
public sealed record ChainBreak(long Revision, ChainFault Fault, StoredEvent? Found);

/// <summary>What is wrong at a break, as far as the events themselves still tell.</summary>
public enum ChainFault
{
    /// <summary>The event that was here is gone.</summary>
    Missing,

    /// <summary>The event that was here comes later.</summary>
    Reordered,

    /// <summary>This event does not belong here: it was put in, or one before it was.</summary>
    Inserted,

    /// <summary>Its type, its data or its metadata are not what was written.</summary>
    Changed,

    /// <summary>It has another id than it was written with; all else is as it was.</summary>
    IdChanged,

    /// <summary>It is as it was written, but its hash does not follow: the hash was changed, or one before it was rewritten with all of its hash.</summary>
    Unlinked,

    /// <summary>Its metadata does not end with a hash.</summary>
    Unhashed,

    /// <summary>The chain is whole, but another one than was published: it was written anew.</summary>
    NotAsPublished,
}

/// <summary>Follows the chain of one stream from its first event. Pure: the events are passed in.</summary>
public static class ChainVerifier
{
    /// <summary>So many events around a break are looked at to say what happened there.</summary>
    private const int Near = 1_000;

    /// <param name="stream">The stream's name.</param>
    /// <param name="events">All of its events, in order.</param>
    /// <param name="published">A hash to compare with: only this finds a chain that was rewritten as a whole, or cut off.</param>
    /// <param name="cancellation">Ends the reading.</param>
    public static async Task<ChainReport> Verify(
        string stream, IAsyncEnumerable<StoredEvent> events, PublishedHash? published = null, CancellationToken cancellation = default)
    {
        var (head, verified) = (new byte[Chain.HashSize], 0L);
        await using var all = events.GetAsyncEnumerator(cancellation);
        while (await all.MoveNextAsync())
        {
            var found = all.Current;
            if (!TryFollow(head, stream, verified, found, out var hash))
                return Report(verified, head, await Diagnose(head, stream, verified, found, all));
            if (found.Revision == published?.Revision && !Chain.HasHash(found.Metadata.Span, HashOf(published)))
                return Report(verified, head, new(verified, ChainFault.NotAsPublished, found));
            (head, verified) = (hash, verified + 1);
        }
        return Report(verified, head, published?.Revision >= verified ? new(verified, ChainFault.Missing, null) : null);
    }

    private static ChainReport Report(long verified, byte[] head, ChainBreak? broken) =>
        new(verified, verified == 0 ? null : Convert.ToHexStringLower(head), broken);

    private static byte[] HashOf(PublishedHash published)
    {
        var hash = new byte[Chain.HashSize];
        Convert.FromHexString(published.Hash, hash, out _, out _);
        return hash;
    }

    private static bool TryFollow(byte[] head, string stream, long revision, StoredEvent found, out byte[] hash)
    {
        hash = new byte[Chain.HashSize];
        Chain.Hash(head, stream, revision, found.Id, found.Type, found.Data.Span, Chain.Plain(found.Metadata.Span), hash);
        return found.Revision == revision && Chain.HasHash(found.Metadata.Span, hash);
    }

    /// <summary>An event's id comes of its place and content, so it tells where it was and whether it is still what it was.</summary>
    private static async Task<ChainBreak> Diagnose(byte[] head, string stream, long revision, StoredEvent found, IAsyncEnumerator<StoredEvent> rest)
    {
        var (was, comesLater) = (PlaceOf(stream, found, revision), false);
        for (var i = 0; i < Near && !comesLater && await rest.MoveNextAsync(); i++) comesLater = Fits(stream, rest.Current, revision);
        var fault = was switch
        {
            _ when was == revision => found.Revision != revision ? ChainFault.Reordered : Unlinked(found),
            _ when comesLater => was > revision ? ChainFault.Reordered : ChainFault.Inserted,
            null when found.Revision > revision => ChainFault.Missing,
            null => OnlyTheId(head, stream, revision, found) ? ChainFault.IdChanged : ChainFault.Changed,
            _ => was > revision ? ChainFault.Missing : ChainFault.Inserted,
        };
        return new(revision, fault, found);
    }

    private static ChainFault Unlinked(StoredEvent found) => Chain.IsSealed(found.Metadata.Span) ? ChainFault.Unlinked : ChainFault.Unhashed;

    private static bool OnlyTheId(byte[] head, string stream, long revision, StoredEvent found)
    {
        var plain = Chain.Plain(found.Metadata.Span);
        var hash = new byte[Chain.HashSize];
        Chain.Hash(
            head, stream, revision, EventIds.Of(stream, revision, found.Type, found.Data.Span, plain), found.Type, found.Data.Span, plain, hash);
        return Chain.HasHash(found.Metadata.Span, hash);
    }

    /// <summary>The revision that an event was written at; none near here fits.</summary>
    private static long? PlaceOf(string stream, StoredEvent found, long revision)
    {
        for (var away = 0; away <= Near; away++)
        {
            if (Fits(stream, found, revision + away)) return revision + away;
            if (away <= revision && Fits(stream, found, revision - away)) return revision - away;
        }
        return null;
    }

    private static bool Fits(string stream, StoredEvent found, long revision) =>
        EventIds.Of(stream, revision, found.Type, found.Data.Span, Chain.Plain(found.Metadata.Span)) == found.Id;
}
