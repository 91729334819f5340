using System.Buffers;
using System.Buffers.Text;
using Metering.Ledger.Accounts;

namespace Metering.Ledger.Stored;

/// <summary>
/// JSON exactly as this product writes it: members in their one order, no whitespace, no escapes, UTC. What is anything else, right or
/// wrong, is <see cref="Fail"/>ed and left to the serializer. So nothing is judged here twice, and an event that we wrote is read several times
/// faster. Each value is read with what comes before it; after a failure all that is read is nothing.
/// </summary>
internal ref struct WrittenJson(ReadOnlySpan<byte> json)
{
    /// <summary>Longer lists are the serializer's: an item waits on the stack.</summary>
    private const int ItemsMost = 64;

    private static readonly SearchValues<byte> Plain = SearchValues.Create(
        [.. Enumerable.Range(' ', 127 - ' ').Select(letter => (byte)letter).Except("\"\\"u8.ToArray())]);

    private ReadOnlySpan<byte> rest = json;
    private bool failed;

    /// <summary>Reads one item of a list.</summary>
    public delegate T ItemOf<T>(ref WrittenJson json);

    /// <summary>True if all of it was read, as it was expected.</summary>
    public readonly bool IsRead => !failed && rest.IsEmpty;

    public void Fail()
    {
        failed = true;
        rest = default;
    }

    public readonly bool IsAt(ReadOnlySpan<byte> expected) => rest.StartsWith(expected);

    /// <summary>Goes on behind <paramref name="expected"/> if that is what comes next.</summary>
    public bool TrySkip(ReadOnlySpan<byte> expected)
    {
        if (!IsAt(expected)) return false;
        rest = rest[expected.Length..];
        return true;
    }

    public void Skip(ReadOnlySpan<byte> expected)
    {
        if (!TrySkip(expected)) Fail();
    }

    public string Text(ReadOnlySpan<byte> before)
    {
        Skip(before);
        Skip("\""u8);
        var length = rest.IndexOfAnyExcept(Plain);
        if (length < 0) Fail();
        var text = failed ? "" : KnownTexts.Of(rest[..length]);
        if (!failed) rest = rest[length..];
        Skip("\""u8);
        return text;
    }

    public Guid Id(ReadOnlySpan<byte> before)
    {
        Skip(before);
        Skip("\""u8);
        if (!Utf8Parser.TryParse(rest, out Guid id, out var length)) Fail();
        else rest = rest[length..];
        Skip("\""u8);
        return id;
    }

    public Guid? IdIfAny(ReadOnlySpan<byte> before) => IsAt(before) ? Id(before) : null;

    public long Number(ReadOnlySpan<byte> before)
    {
        Skip(before);
        if (!Utf8Parser.TryParse(rest, out long number, out var length) || !IsNumberOfJson(rest[..length])) Fail();
        else rest = rest[length..];
        return number;
    }

    public int Int(ReadOnlySpan<byte> before)
    {
        var number = Number(before);
        if (number is < int.MinValue or > int.MaxValue) Fail();
        return (int)number;
    }

    public int? IntIfAny(ReadOnlySpan<byte> before) => IsAt(before) ? Int(before) : null;

    public bool Truth(ReadOnlySpan<byte> before)
    {
        Skip(before);
        if (TrySkip("true"u8)) return true;
        Skip("false"u8);
        return false;
    }

    public ContentHash Hash(ReadOnlySpan<byte> before)
    {
        Skip(before);
        Skip("\""u8);
        var hash = new ContentHash(Half(), Half());
        Skip("\""u8);
        return hash;
    }

    public DateTimeOffset Time(ReadOnlySpan<byte> before)
    {
        Skip(before);
        Skip("\""u8);
        var time = new DateTimeOffset(DayTicks() + ClockTicks() + FractionTicks(), TimeSpan.Zero);
        Skip("+00:00\""u8);
        return time;
    }

    public DateTimeOffset? TimeIfAny(ReadOnlySpan<byte> before) => IsAt(before) ? Time(before) : null;

    /// <summary>Less than a day, in whole seconds.</summary>
    public TimeSpan Duration(ReadOnlySpan<byte> before)
    {
        Skip(before);
        Skip("\""u8);
        var duration = new TimeSpan(ClockTicks());
        Skip("\""u8);
        return duration;
    }

    public Items<T> List<T>(ReadOnlySpan<byte> before, ItemOf<T> item)
    {
        Skip(before);
        return TrySkip("[]"u8) ? Items<T>.Empty : new(Sequence("["u8, item, "]"u8));
    }

    public Items<T>? ListIfAny<T>(ReadOnlySpan<byte> before, ItemOf<T> item) => IsAt(before) ? List(before, item) : null;

    public Attributes Attributes(ReadOnlySpan<byte> before)
    {
        Skip(before);
        if (TrySkip("{}"u8)) return Ledger.Attributes.None;
        var pairs = Sequence("{"u8, static (ref json) => KeyValuePair.Create(json.Text(default), json.Text(":"u8)), "}"u8);
        if (!failed && Ledger.Attributes.InOrder(pairs) is { } attributes) return attributes;
        Fail();
        return Ledger.Attributes.None;
    }

    private T[] Sequence<T>(ReadOnlySpan<byte> open, ItemOf<T> item, ReadOnlySpan<byte> close)
    {
        Skip(open);
        var all = From(0, item);
        Skip(close);
        return all;
    }

    // Each item waits on the stack until it is known how many there are: one array of the right size, nothing copied.
    private T[] From<T>(int index, ItemOf<T> item)
    {
        if (index == ItemsMost) Fail();
        var value = item(ref this);
        var all = TrySkip(","u8) ? From(index + 1, item) : new T[index + 1];
        all[index] = value;
        return all;
    }

    // the parser also takes +1 and 01
    private static bool IsNumberOfJson(ReadOnlySpan<byte> number)
    {
        var digits = number[0] == '-' ? number[1..] : number;
        return digits[0] != '+' && (digits[0] != '0' || digits.Length == 1);
    }

    private ulong Half()
    {
        ulong half = 0;
        if (rest.Length < 16 || !Utf8Parser.TryParse(rest[..16], out half, out var length, 'x') || length != 16) Fail();
        else rest = rest[16..];
        return half;
    }

    // yyyy-MM-ddT
    private long DayTicks()
    {
        if (rest.Length < 11 || rest[4] != '-' || rest[7] != '-' || rest[10] != 'T') Fail();
        var (year, month, day) = (Two(0) * 100 + Two(2), Two(5), Two(8));
        if (failed || year < 1 || month is < 1 or > 12 || day < 1 || day > DateTime.DaysInMonth(year, month)) Fail();
        if (failed) return 0;
        rest = rest[11..];
        return new DateTime(year, month, day).Ticks;
    }

    // HH:mm:ss
    private long ClockTicks()
    {
        if (rest.Length < 8 || rest[2] != ':' || rest[5] != ':') Fail();
        var (hours, minutes, seconds) = (Two(0), Two(3), Two(6));
        if (failed || hours > 23 || minutes > 59 || seconds > 59) Fail();
        if (failed) return 0;
        rest = rest[8..];
        return (hours * 3_600L + minutes * 60 + seconds) * TimeSpan.TicksPerSecond;
    }

    // .f to .fffffff, or nothing
    private long FractionTicks()
    {
        if (!TrySkip("."u8)) return 0;
        var (ticks, length) = (0L, 0);
        for (; length < Math.Min(7, rest.Length) && char.IsAsciiDigit((char)rest[length]); length++)
            ticks = ticks * 10 + rest[length] - '0';
        if (length == 0) Fail();
        rest = failed ? rest : rest[length..];
        for (; length < 7; length++) ticks *= 10;
        return ticks;
    }

    private int Two(int at)
    {
        if (failed) return 0;
        var (tens, ones) = (rest[at] - '0', rest[at + 1] - '0');
        if (tens is < 0 or > 9 || ones is < 0 or > 9) Fail();
        return tens * 10 + ones;
    }
}
