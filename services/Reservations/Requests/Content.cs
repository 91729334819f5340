using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Metering.Ledger;
using Metering.Ledger.Accounts;
using Metering.Ledger.Catalog;
using Metering.Ledger.Pricing;

namespace Metering.Reservations.Requests;

/// <summary>
/// The hash of what a command asks: of its kind and every decoded field but the id and the user, so that a repeat is known by what it means, not by
/// how it was written. What we add ourselves (units, prices, defaults) is not in it: a repeat after a change of those is still a repeat. The encoding
/// is frozen by tests: a change would make other commands of all ids remembered.
/// </summary>
internal sealed class Content
{
    private const byte Absent = 0;
    private const byte Present = 1;

    /// <summary>Begins what was added to a message later: nothing is written where it is not used, so older hashes stand.</summary>
    private const byte Later = 2;

    private readonly ArrayBufferWriter<byte> bytes = new(256);

    public Content(string kind) => Add(kind);

    public Content Add(string? text)
    {
        if (text is null) return Mark(Absent);
        Add(Encoding.UTF8.GetByteCount(text));
        bytes.Advance(Encoding.UTF8.GetBytes(text, bytes.GetSpan(Encoding.UTF8.GetMaxByteCount(text.Length))));
        return this;
    }

    public Content Add(long? number)
    {
        if (number is not { } value) return Mark(Absent);
        Mark(Present);
        BinaryPrimitives.WriteInt64BigEndian(bytes.GetSpan(8), value);
        bytes.Advance(8);
        return this;
    }

    public Content Add(Guid id)
    {
        id.TryWriteBytes(bytes.GetSpan(16), bigEndian: true, out var written);
        bytes.Advance(written);
        return this;
    }

    public Content Add(DateTimeOffset? moment) => Add(moment?.UtcTicks);

    public Content Add(TimeSpan? time) => Add(time?.Ticks);

    public Content Add(Attributes attributes)
    {
        Add(attributes.Count);
        foreach (var (key, value) in attributes.Pairs) Add(key).Add(value);
        return this;
    }

    public Content Add(Items<AskedLine>? lines) => Each(lines, line => Add(line.Meter).Add(line.Attributes).Add(line.Quantity));

    public Content Add(Items<RefundLine>? lines) => Each(lines, line => Add(line.Meter).Add(line.Attributes).Add(line.Quantity));

    public Content Add(Items<CustomLimit> limits) => Each(limits, limit => Add(limit.Group).Add(limit.Quota));

    public Content Add(Items<PriceEntry> entries) => Each(entries, entry => Add(entry.Meter).Add(entry.Where).Add(entry.Cost).Add(entry.Price));

    public Content Add(Plan plan)
    {
        Add(plan.Id).Add((long)plan.Period).Add((long)plan.Anchor).Add(plan.Zone).Add(plan.Currency).Add(plan.BaseFee).Add(plan.LateGrace);
        return Each(plan.Groups, group => Add(group));
    }

    /// <summary>The first 128 bits of the SHA-256 of what was added.</summary>
    public ContentHash Hash()
    {
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(bytes.WrittenSpan, digest);
        return new(BinaryPrimitives.ReadUInt64BigEndian(digest), BinaryPrimitives.ReadUInt64BigEndian(digest[8..]));
    }

    private Content Add(Price price) => Add(price.Nanos).Add(price.Per);

    private Content Add(LimitGroup group)
    {
        Add(group.Label).Add(group.Unit).Add((long)group.Kind).Add(group.Quota).Add((long)group.Window).Add((long)group.Anchor);
        Add(group.RolloverMax).Add(group.CommitAllowance);
        Each(group.Matches, match => Add(match.Meter).Add(match.Where));
        Add(group.Overage);
        Add(group.Reporting);
        return group.Thresholds is { } thresholds ? Mark(Later).Each(thresholds, percent => Add(percent)) : this;
    }

    private Content Add(Reporting? reporting) =>
        reporting is null ? Mark(Absent) : Add(reporting.StripeMeter).Add(reporting.Scale).Add((long)reporting.What);

    private Content Add(Overage? overage)
    {
        if (overage is null) return Mark(Absent);
        Add(overage.Cap).Add((long)overage.Mode);
        return Each(overage.Tiers, tier => Add(tier.UpTo).Add(tier.Price).Add(tier.FlatNanos));
    }

    private Content Each<T>(Items<T>? items, Action<T> add)
    {
        if (items is null) return Mark(Absent);
        Add(items.Count);
        foreach (var item in items) add(item);
        return this;
    }

    private Content Mark(byte mark)
    {
        bytes.GetSpan(1)[0] = mark;
        bytes.Advance(1);
        return this;
    }
}
