using System.Buffers;
using System.Buffers.Text;
using System.Text;
using Metering.Ledger.Accounts;

namespace Metering.Ledger.Stored;

/// <summary>
/// JSON written as the serializer writes it, each value with what comes before it: some three times as fast. What needs escapes, or does
/// not fit the buffer, is <see cref="Fail"/>ed and left to the serializer. What this writes, <see cref="WrittenJson"/> reads.
/// </summary>
internal ref struct WritingJson(Span<byte> buffer)
{
    // what the serializer's encoder leaves as it is
    private static readonly SearchValues<char> Plain = SearchValues.Create(
        [.. Enumerable.Range(' ', 127 - ' ').Select(letter => (char)letter).Except("\"\\&'+<>`")]);

    private readonly Span<byte> written = buffer;
    private Span<byte> rest = buffer;
    private bool failed;

    /// <summary>Writes one item of a list.</summary>
    public delegate void ItemOf<in T>(ref WritingJson json, T item);

    /// <summary>All that was written; none if it failed.</summary>
    public readonly byte[]? Written => failed ? null : written[..^rest.Length].ToArray();

    public void Fail()
    {
        failed = true;
        rest = default;
    }

    public void Raw(scoped ReadOnlySpan<byte> json)
    {
        if (json.TryCopyTo(rest)) rest = rest[json.Length..];
        else Fail();
    }

    public void Text(ReadOnlySpan<byte> before, string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        Raw(before);
        Raw("\""u8);
        var fits = Ascii.FromUtf16(text, rest, out var length) == OperationStatus.Done;
        Wrote(fits && !text.AsSpan().ContainsAnyExcept(Plain), length);
        Raw("\""u8);
    }

    public void IdIfAny(ReadOnlySpan<byte> before, Guid? id)
    {
        if (id is { } some) Id(before, some);
    }

    public void Id(ReadOnlySpan<byte> before, Guid id)
    {
        Raw(before);
        Raw("\""u8);
        Wrote(Utf8Formatter.TryFormat(id, rest, out var length), length);
        Raw("\""u8);
    }

    public void NumberIfAny(ReadOnlySpan<byte> before, long? number)
    {
        if (number is { } some) Number(before, some);
    }

    public void Number(ReadOnlySpan<byte> before, long number)
    {
        Raw(before);
        Wrote(Utf8Formatter.TryFormat(number, rest, out var length), length);
    }

    public void Truth(ReadOnlySpan<byte> before, bool truth)
    {
        Raw(before);
        Raw(truth ? "true"u8 : "false"u8);
    }

    public void Hash(ReadOnlySpan<byte> before, ContentHash hash)
    {
        Raw(before);
        Raw("\""u8);
        Wrote(hash.High.TryFormat(rest, out var length, "x16"), length);
        Wrote(hash.Low.TryFormat(rest, out length, "x16"), length);
        Raw("\""u8);
    }

    public void TimeIfAny(ReadOnlySpan<byte> before, DateTimeOffset? time)
    {
        if (time is { } some) Time(before, some);
    }

    /// <summary>To the last digit of its fraction that is not 0.</summary>
    public void Time(ReadOnlySpan<byte> before, DateTimeOffset time)
    {
        Raw(before);
        Raw("\""u8);
        Span<byte> all = stackalloc byte[33];
        time.TryFormat(all, out _, "O");
        Raw(all[..27].TrimEnd((byte)'0').TrimEnd((byte)'.'));
        Raw(all[27..]);
        Raw("\""u8);
    }

    public void Duration(ReadOnlySpan<byte> before, TimeSpan duration)
    {
        Raw(before);
        Raw("\""u8);
        Wrote(Utf8Formatter.TryFormat(duration, rest, out var length), length);
        Raw("\""u8);
    }

    public void ListIfAny<T>(ReadOnlySpan<byte> before, Items<T>? items, ItemOf<T> write)
    {
        if (items is not null) List(before, items, write);
    }

    public void List<T>(ReadOnlySpan<byte> before, Items<T> items, ItemOf<T> write)
    {
        Raw(before);
        Raw("["u8);
        for (var i = 0; i < items.Count; i++)
        {
            if (i > 0) Raw(","u8);
            write(ref this, items[i]);
        }
        Raw("]"u8);
    }

    public void Attributes(ReadOnlySpan<byte> before, Attributes attributes)
    {
        Raw(before);
        Raw("{"u8);
        for (var i = 0; i < attributes.Count; i++)
        {
            Text(i > 0 ? ","u8 : default, attributes.Pairs[i].Key);
            Text(":"u8, attributes.Pairs[i].Value);
        }
        Raw("}"u8);
    }

    private void Wrote(bool fits, int length)
    {
        if (fits) rest = rest[length..];
        else Fail();
    }
}
