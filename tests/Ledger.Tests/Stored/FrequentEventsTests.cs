using System.Text;
using FsCheck;
using Metering.Ledger.Accounts;
using Metering.Ledger.Pricing;
using Metering.Ledger.Stored;
using Metering.Ledger.Tests.Accounts;

namespace Metering.Ledger.Tests.Stored;

/// <summary>
/// The frequent events are read and written without the serializer, but as it does: what is not just as we write it is its own to read or
/// refuse.
/// </summary>
public class FrequentEventsTests
{
    /// <summary>Examples with the members that only later refunds have are not read here.</summary>
    private static IEnumerable<string> Files() => Examples.OfLedger.Keys.Where(file => IsFrequent(Examples.OfLedger[file]));

    private static bool IsFrequent(LedgerEvent happened) => happened switch
    {
        Refunded e => e is { Lines.Count: 0, AdjustsPeriod: null, RestoreUntil: null, Worth: null },
        Reserved or Committed or Released or UsageTracked => true,
        _ => false,
    };

    /// <summary>What is not just as we write it is the serializer's: here, a blank before it.</summary>
    private static LedgerEvent BySerializer(string type, ReadOnlySpan<byte> data) => LedgerEvents.Decode(type, [(byte)' ', .. data]);

    [TestCaseSource(nameof(Files))]
    public void An_example_is_read_as_its_file_says(string file)
    {
        var (type, data) = LedgerEvents.Encode(Examples.OfLedger[file]);
        Assert.That(FrequentEvents.TryRead(type, data.Span), Is.EqualTo(Examples.OfLedger[file]));
        Assert.That(BySerializer(type, data.Span), Is.EqualTo(Examples.OfLedger[file]));
        Assert.That(
            FrequentEventsWriting.TryWrite(Examples.OfLedger[file]), Is.EqualTo(LedgerEvents.BySerializer(Examples.OfLedger[file])));
    }

    /// <summary>Each byte in turn is each other byte, left out, or there twice; or the rest is missing.</summary>
    [TestCaseSource(nameof(Files))]
    public void What_is_read_of_a_damaged_event_the_serializer_reads_as_well(string file)
    {
        var (type, data) = LedgerEvents.Encode(Examples.OfLedger[file]);
        var (read, damaged) = (0, 0);
        foreach (var variant in Damaged(data.ToArray()))
        {
            damaged++;
            if (FrequentEvents.TryRead(type, variant) is not { } quick) continue;
            read++;
            if (!quick.Equals(BySerializer(type, variant))) Assert.Fail(Encoding.Latin1.GetString(variant));
        }
        Assert.That(read, Is.InRange(1, damaged / 2), "other digits and letters are still an event, most else is none");
    }

    private static IEnumerable<byte[]> Damaged(byte[] data)
    {
        for (var at = 0; at < data.Length; at++)
        {
            yield return data[..at];
            yield return [.. data[..at], .. data[(at + 1)..]];
            yield return [.. data[..at], data[at], .. data[at..]];
            for (var other = 1; other < 256; other++) yield return [.. data[..at], (byte)(data[at] + other), .. data[(at + 1)..]];
        }
    }

    [Test]
    public void Any_event_is_read_as_it_was_written()
    {
        var (any, read) = (new RandomEvents(20261121), 0);
        for (var i = 0; i < 20_000; i++)
        {
            var happened = any.Next();
            var (type, data) = LedgerEvents.Encode(happened);
            var quick = FrequentEvents.TryRead(type, data.Span);
            if (quick is not null) read++;
            LedgerEvent[] all = [quick ?? happened, BySerializer(type, data.Span), LedgerEvents.Decode(type, data.Span)];
            if (!Array.TrueForAll(all, happened.Equals)) Assert.Fail(Encoding.UTF8.GetString(data.Span));
        }
        Assert.That(read, Is.InRange(5_000, 19_000), "texts with escapes and uncommon durations are the serializer's");
    }

    [Test]
    public void Any_event_is_written_as_the_serializer_writes_it()
    {
        var (any, written) = (new RandomEvents(20261122), 0);
        for (var i = 0; i < 20_000; i++)
        {
            var happened = any.Next();
            var (quick, slow) = (FrequentEventsWriting.TryWrite(happened), LedgerEvents.BySerializer(happened));
            if (quick is not null) written++;
            if (!slow.AsSpan().SequenceEqual(quick ?? slow)) Assert.Fail(Encoding.UTF8.GetString([.. quick!, (byte)'\n', .. slow]));
        }
        Assert.That(written, Is.InRange(5_000, 19_000), "texts with escapes are the serializer's");
    }

    [Test]
    public void Any_text_is_written_as_the_serializer_writes_it()
    {
        for (var letter = char.MinValue; letter < 0x180; letter++)
        {
            var happened = new Refunded(DateTimeOffset.UnixEpoch, new Cause(default, default), default, 1, null, $"a{letter}b", [], []);
            Assert.That(LedgerEvents.Encode(happened).Data.ToArray(), Is.EqualTo(LedgerEvents.BySerializer(happened)));
        }
    }

    [Test]
    public void What_is_too_large_for_the_buffer_is_written_all_the_same()
    {
        var draw = ((Reserved)Examples.OfLedger["reserved.v1"]).Draws[0];
        var large = new Released(DateTimeOffset.UnixEpoch, null, default, ReleaseReason.Expired, [.. Enumerable.Repeat(draw, 200)]);
        var (type, data) = LedgerEvents.Encode(large);
        Assert.That(data.Length, Is.GreaterThan(50_000));
        Assert.That(LedgerEvents.Decode(type, data.Span), Is.EqualTo(large));
    }

    [FsCheck.NUnit.Property(Arbitrary = [typeof(Steps)], MaxTest = 50, QuietOnSuccess = true)]
    public void All_that_a_ledger_decides_often_is_read_without_the_serializer(Step[] steps)
    {
        var run = new LedgerRun();
        foreach (var step in steps) run.Do(step);
        foreach (var happened in run.Stream.Where(IsFrequent))
        {
            var (type, data) = LedgerEvents.Encode(happened);
            Assert.That(FrequentEvents.TryRead(type, data.Span), Is.EqualTo(happened));
        }
    }

    [Test]
    public void Texts_that_occur_again_are_one_string()
    {
        var (type, data) = LedgerEvents.Encode(Examples.OfLedger["reserved.v1"]);
        var (one, other) = ((Reserved)LedgerEvents.Decode(type, data.Span), (Reserved)LedgerEvents.Decode(type, data.Span));
        Assert.That(one.Draws[0].Group, Is.SameAs(other.Draws[0].Group));
        Assert.That(one.Lines[0].Meter, Is.SameAs(other.Lines[0].Meter));
    }
}

/// <summary>Events of the frequent types with anything in them, likely or not: what decides nothing but must be kept as it is.</summary>
internal sealed class RandomEvents(int seed)
{
    private static readonly long[] Numbers = [0, 1, -1, 10, long.MaxValue, long.MinValue, int.MaxValue, 1_000_000_007];
    private static readonly string[] Texts =
        ["", "tokens", "llm.input_tokens", "a b/c", "\"", "\\", "é", "😀", "<&'+>", "\u0001", "x\u007f", new('n', 200)];
    private static readonly DateTimeOffset[] Times =
        [DateTimeOffset.MinValue, DateTimeOffset.MaxValue, DateTimeOffset.UnixEpoch, new(2024, 2, 29, 23, 59, 59, TimeSpan.Zero)];

    private readonly Random random = new(seed);

    public LedgerEvent Next() => random.Next(5) switch
    {
        0 => new Reserved(Time(), Cause(), Id(), Int(), Int(), Time(), Duration(), List(Line), List(Draw), Maybe(Id)),
        1 => new Committed(Time(), Cause(), Id(), Int(), Int(), List(Line), List(Draw), random.Next(4) == 0 ? List(Draw) : null),
        2 => new Refunded(Time(), Cause(), Id(), Int(), null, Text(), [], List(Draw), Maybe(Time), Maybe(Id)),
        3 => new Released(Time(), random.Next(2) == 0 ? Cause() : null, Id(), (ReleaseReason)random.Next(2), List(Draw), Maybe(Id)),
        _ => new UsageTracked(
            Time(), Cause(), Int(), Maybe(Int), random.Next(2) == 0, random.Next(2) == 0, List(Line), List(Draw), Maybe(Time)),
    };

    private T? Maybe<T>(Func<T> value) where T : struct => random.Next(3) == 0 ? value() : null;

    private Items<T> List<T>(Func<T> item) => Enumerable.Range(0, random.Next(4)).Select(_ => item()).ToItems();

    private Cause Cause() => new(Id(), new ContentHash((ulong)Number(), (ulong)Number()));

    private UsedLine Line() => new(Text(), Text(), Attributes(), Number(), Number(), random.Next(3) == 0 ? List(Rating) : null);

    private RatedAmount Rating() => new(Text(), Int(), new Price(Number(), Number()), Number(), Number());

    private Draw Draw() => new(Text(), Int(), Time(), Time(), List(Part), Number());

    private Part Part() => new((Bucket)random.Next(4), Number(), Maybe(Id));

    private Attributes Attributes() => Ledger.Attributes.Of(
        Enumerable.Range(0, random.Next(3)).Select(n => KeyValuePair.Create(Text() + n, Text())));

    private long Number() => random.Next(3) == 0 ? Numbers[random.Next(Numbers.Length)] : random.NextInt64(-9_999, 99_999_999);

    private int Int() => (int)Math.Clamp(Number(), int.MinValue, int.MaxValue);

    // mostly what needs no escapes, or hardly an event would be without
    private string Text() => Texts[random.Next(random.Next(12) == 0 ? Texts.Length : 4)];

    private DateTimeOffset Time() => random.Next(9) == 0
        ? Times[random.Next(Times.Length)]
        : DateTimeOffset.UnixEpoch.AddTicks(random.NextInt64(0, 4_000_000_000) * (random.Next(2) == 0 ? TimeSpan.TicksPerSecond : 10));

    private TimeSpan Duration() => TimeSpan.FromTicks(
        random.Next(4) == 0 ? random.NextInt64(-1, 9_000_000_000_000) : random.Next(86_400) * TimeSpan.TicksPerSecond);

    private Guid Id()
    {
        var bytes = new byte[16];
        random.NextBytes(bytes);
        return new(bytes);
    }
}
