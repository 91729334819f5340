using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Metering.Kernel.Deciding;
using Metering.Kernel.Streams;

namespace Metering.Kernel.Tests.Deciding;

/// <summary>Each event's hash follows from the one before; whatever is changed afterwards is found, at its place.</summary>
public sealed class ChainTests
{
    private const string Stream = "ledger-ädä";

    [Test]
    public void The_bytes_are_laid_out_as_written_down()
    {
        var events = Events(2);
        var previous = new byte[32];
        foreach (var stored in events)
        {
            var plain = Encoding.UTF8.GetString(stored.Metadata.Span)[..^75] + "}";
            previous = SHA256.HashData([
                .. previous, .. WithLength(Stream), .. Number(stored.Revision), .. stored.Id.ToByteArray(bigEndian: true),
                .. WithLength(stored.Type), .. WithLength(Encoding.UTF8.GetString(stored.Data.Span)), .. WithLength(plain)]);
            Assert.That(Chain.HashOf(stored.Metadata.Span), Is.EqualTo(Convert.ToHexStringLower(previous)));
        }
    }

    [Test]
    public void An_id_is_of_the_metadata_without_the_hash()
    {
        var stored = Events(1)[0];
        var plain = Encoding.UTF8.GetString(stored.Metadata.Span)[..^75] + "}";
        Assert.That(plain, Is.EqualTo($$"""{"actor":"chat","command":"{{Guid.Empty}}","trace":"t-0"}"""));
        var digest = SHA256.HashData([
            .. Encoding.UTF8.GetBytes($"{Stream}\0{stored.Type}\0"), .. Number(0), .. stored.Data.Span, .. Encoding.UTF8.GetBytes(plain)]);
        (digest[6], digest[8]) = ((byte)((digest[6] & 0x0F) | 0x80), (byte)((digest[8] & 0x3F) | 0x80));
        Assert.That(stored.Id, Is.EqualTo(new Guid(digest.AsSpan(0, 16), bigEndian: true)));
    }

    [Test]
    public void Metadata_with_its_hash_is_read_as_ever() => Assert.That(
        EventMetadata.Decode(Events(1)[0].Metadata.Span),
        Is.EqualTo(new EventMetadata("chat", Guid.Empty, "t-0", Chain.HashOf(Events(1)[0].Metadata.Span))));

    [Test]
    public async Task A_whole_chain_says_how_long_it_is_and_its_head()
    {
        var events = Events(5);
        var head = Chain.HashOf(events[^1].Metadata.Span);
        Assert.That(await Verify(events), Is.EqualTo(new ChainReport(5, head, null)));
        Assert.That(await Verify([]), Is.EqualTo(new ChainReport(0, null, null)));
    }

    private static IEnumerable<TestCaseData> Tampered()
    {
        static TestCaseData Case(string name, long at, ChainFault fault, Action<List<StoredEvent>> change) =>
            new TestCaseData(change, at, fault).SetArgDisplayNames(name);
        yield return Case("data", 3, ChainFault.Changed, all => all[3] = all[3] with { Data = "{\"n\":99}"u8.ToArray() });
        yield return Case("type", 3, ChainFault.Changed, all => all[3] = all[3] with { Type = "added.v2" });
        yield return Case("who", 3, ChainFault.Changed, all => all[3] = all[3] with { Metadata = Replaced(all[3], "chat", "cook") });
        yield return Case("cause", 0, ChainFault.Changed, all => all[0] = all[0] with { Metadata = Replaced(all[0], "0000-", "0001-") });
        yield return Case("trace", 9, ChainFault.Changed, all => all[9] = all[9] with { Metadata = Replaced(all[9], "t-9", "t-8") });
        yield return Case("id", 3, ChainFault.IdChanged, all => all[3] = all[3] with { Id = Guid.Empty });
        yield return Case("hash", 3, ChainFault.Unlinked, all => all[3] = all[3] with { Metadata = Hashed(all[3], all[4]) });
        yield return Case("hash in capitals", 3, ChainFault.Unlinked, all => all[3] = all[3] with { Metadata = Capital(all[3]) });
        yield return Case("no hash", 3, ChainFault.Unhashed, all => all[3] = all[3] with { Metadata = Chain.Plain(all[3].Metadata.Span) });
        yield return Case("no metadata", 3, ChainFault.Changed, all => all[3] = all[3] with { Metadata = default });
        yield return Case("deleted, a gap stays", 3, ChainFault.Missing, all => all.RemoveAt(3));
        yield return Case("deleted, numbered anew", 3, ChainFault.Missing, all => Renumbered(all, () => all.RemoveAt(3)));
        yield return Case("the first ones deleted", 0, ChainFault.Missing, all => Renumbered(all, () => all.RemoveRange(0, 4)));
        yield return Case("swapped", 3, ChainFault.Reordered, all => Renumbered(all, () => (all[3], all[6]) = (all[6], all[3])));
        yield return Case("swapped with their numbers", 3, ChainFault.Reordered, all => (all[3], all[6]) = (all[6], all[3]));
        yield return Case("inserted, a copy", 3, ChainFault.Inserted, all => Renumbered(all, () => all.Insert(3, all[1])));
        yield return Case("inserted, of another stream", 3, ChainFault.Inserted, all => Renumbered(all, () => all.Insert(3, Events(4, "ledger-b")[3])));
        yield return Case("inserted, well made", 4, ChainFault.Inserted, all => Renumbered(all, () => all.Insert(3, Forged(all[2], 3))));
        yield return Case("rewritten with its hash", 4, ChainFault.Unlinked, all => all[3] = Forged(all[2], 3));
    }

    [TestCaseSource(nameof(Tampered))]
    public async Task The_first_break_is_named(Action<List<StoredEvent>> change, long at, ChainFault fault)
    {
        var events = Events(10).ToList();
        change(events);
        var report = await Verify(events);
        Assert.That((report.Break?.Revision, report.Break?.Fault, report.Events), Is.EqualTo(((long?)at, (ChainFault?)fault, at)));
        Assert.That(report.Head, Is.EqualTo(at == 0 ? null : report.Head), "what was verified before it stands");
    }

    [Test]
    public async Task A_chain_that_was_cut_off_or_written_anew_is_found_by_what_was_published()
    {
        var events = Events(10);
        var published = new PublishedHash(6, Chain.HashOf(events[6].Metadata.Span)!);
        Assert.That((await Verify(events, published)).Break, Is.Null);
        Assert.That((await Verify(events[..6], published)).Break, Is.EqualTo(new ChainBreak(6, ChainFault.Missing, null)));
        var anew = Events(10, actor: "cook");
        Assert.That((await Verify(anew)).Break, Is.Null, "the chain alone cannot tell");
        Assert.That((await Verify(anew, published)).Break, Is.EqualTo(new ChainBreak(6, ChainFault.NotAsPublished, anew[6])));
    }

    [FsCheck.NUnit.Property(MaxTest = 200)]
    public bool Any_events_make_a_chain_and_any_flipped_bit_breaks_it(int seed)
    {
        var random = new Random(seed);
        var events = Anything(random);
        if (Verify(events).Result.Break is not null) return false;
        var at = random.Next(events.Length);
        events[at] = Flipped(random, events[at]);
        return Verify(events).Result.Break?.Revision == at;
    }

    [Test]
    public async Task Not_one_bit_of_an_event_can_be_flipped()
    {
        var events = Events(3);
        var (data, metadata) = (events[1].Data, events[1].Metadata);
        for (var bit = 0; bit < 8 * (data.Length + metadata.Length); bit++)
        {
            events[1] = events[1] with { Data = Flip(data, bit), Metadata = Flip(metadata, bit - 8 * data.Length) };
            Assert.That((await Verify(events)).Break?.Revision, Is.EqualTo(1), $"bit {bit}");
        }
    }

    internal static async Task<ChainReport> Verify(IEnumerable<StoredEvent> events, PublishedHash? published = null) =>
        await ChainVerifier.Verify(Stream, Each(events), published);

    private static async IAsyncEnumerable<StoredEvent> Each(IEnumerable<StoredEvent> events)
    {
        foreach (var stored in events) yield return stored;
        await Task.CompletedTask;
    }

    private static StoredEvent[] Events(int count, string stream = Stream, string actor = "chat")
    {
        var head = new byte[Chain.HashSize];
        return [.. Enumerable.Range(0, count).Select(i => Next(
            head, i, new Fact("added.v1", Encoding.UTF8.GetBytes($"{{\"n\":{i}}}"), Guid.Empty), new Caller(actor, $"t-{i}"), stream))];
    }

    private static StoredEvent Next(byte[] head, long revision, Fact fact, Caller caller, string stream = Stream)
    {
        var next = Chain.Next(head, stream, revision, fact, caller);
        return new(stream, revision, new((ulong)revision, 0), next.Id, next.Type, next.Data, next.Metadata);
    }

    private static StoredEvent[] Anything(Random random)
    {
        var head = new byte[Chain.HashSize];
        return [.. Enumerable.Range(0, random.Next(1, 30)).Select(i => Next(
            head, i, new Fact(Text(random), Bytes(random), random.Next(2) == 0 ? null : new Guid(i + 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)),
            new Caller(Text(random), random.Next(2) == 0 ? null : Text(random))))];
    }

    private static StoredEvent Flipped(Random random, StoredEvent stored)
    {
        var what = random.Next(stored.Data.Length + stored.Metadata.Length + 16 + 1);
        if (what < stored.Data.Length) return stored with { Data = Flip(stored.Data, 8 * what + random.Next(8)) };
        what -= stored.Data.Length;
        if (what < stored.Metadata.Length) return stored with { Metadata = Flip(stored.Metadata, 8 * what + random.Next(8)) };
        return what == stored.Metadata.Length
            ? stored with { Type = stored.Type + "!" }
            : stored with { Id = new Guid(Flip(stored.Id.ToByteArray(), random.Next(128)).Span) };
    }

    // what follows from an event, with another content and a hash that is right
    private static StoredEvent Forged(StoredEvent before, long revision)
    {
        var head = new byte[Chain.HashSize];
        Chain.Follow(head, before);
        return Next(head, revision, new Fact("added.v1", "{}"u8.ToArray(), null), new Caller("cook", null));
    }

    private static void Renumbered(List<StoredEvent> all, Action change)
    {
        change();
        for (var i = 0; i < all.Count; i++) all[i] = all[i] with { Revision = i };
    }

    private static byte[] Replaced(StoredEvent stored, string old, string with) =>
        Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(stored.Metadata.Span).Replace(old, with, StringComparison.Ordinal));

    private static byte[] Hashed(StoredEvent stored, StoredEvent other) => [.. stored.Metadata.Span[..^66], .. other.Metadata.Span[^66..]];

    private static byte[] Capital(StoredEvent stored)
    {
        var metadata = stored.Metadata.ToArray();
        var letter = Array.FindIndex(metadata, metadata.Length - 66, one => one is >= (byte)'a' and <= (byte)'f');
        metadata[letter] -= 32;
        return metadata;
    }

    private static ReadOnlyMemory<byte> Flip(ReadOnlyMemory<byte> bytes, int bit)
    {
        if (bit < 0 || bit >= 8 * bytes.Length) return bytes;
        var flipped = bytes.ToArray();
        flipped[bit / 8] ^= (byte)(1 << (bit % 8));
        return flipped;
    }

    private static string Text(Random random) => string.Concat(Enumerable.Range(0, random.Next(20)).Select(_ => (char)random.Next(1, 0x7FF)));

    private static byte[] Bytes(Random random)
    {
        var bytes = new byte[random.Next(200)];
        random.NextBytes(bytes);
        return bytes;
    }

    private static byte[] WithLength(string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        var length = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(length, bytes.Length);
        return [.. length, .. bytes];
    }

    private static byte[] Number(long number)
    {
        var bytes = new byte[8];
        BinaryPrimitives.WriteInt64BigEndian(bytes, number);
        return bytes;
    }
}
