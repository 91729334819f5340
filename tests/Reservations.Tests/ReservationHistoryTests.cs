using Metering.Kernel.Streams;
using Metering.Ledger;
using Metering.Ledger.Accounts;
using Metering.Ledger.Stored;

namespace Metering.Reservations.Tests;

/// <summary>Found by halving = found by reading everything.</summary>
public sealed class ReservationHistoryTests
{
    private static readonly DateTimeOffset May = new(2026, 5, 1, 0, 0, 0, TimeSpan.Zero);

    [FsCheck.NUnit.Property(MaxTest = 20)]
    public bool Finds_what_became_of_any_reservation(int seed)
    {
        var random = new Random(seed);
        var (events, reservations) = Story(random);
        var streams = new MemoryStreams(TimeProvider.System);
        Store(streams, events);
        var history = new ReservationHistory(streams);
        return reservations.Append(IdAt(May.AddDays(3), random)).All(id =>
            history.Find("ledger-ada", id, CancellationToken.None).GetAwaiter().GetResult() == Expected(events, id));
    }

    [Test]
    public async Task The_reads_grow_with_the_logarithm_of_the_stream()
    {
        var streams = new FailingStreams(new MemoryStreams(TimeProvider.System));
        var last = May.AddMinutes(20_000);
        List<LedgerEvent> events = [.. Enumerable.Range(0, 20_000).Select(i => Noise(May.AddMinutes(i))), Reserved(IdAt(last, new Random(1)), last)];
        Store(streams, events);
        var past = await new ReservationHistory(streams).Find("ledger-ada", ((Reserved)events[^1]).Reservation, CancellationToken.None);
        Assert.That(past.Reserved, Is.EqualTo(events[^1]));
        Assert.That(streams.Reads, Is.LessThanOrEqualTo(2 + 15));
    }

    [FsCheck.NUnit.Property(MaxTest = 20)]
    public bool Finds_how_its_period_was_closed(int seed)
    {
        var random = new Random(seed);
        var (events, settled) = Years(random);
        var streams = new MemoryStreams(TimeProvider.System);
        Store(streams, events);
        return settled.All(one => Found(streams, one.Reservation).Closed == events.OfType<PeriodClosed>().FirstOrDefault(e => e.Period.Number == one.Period));
    }

    [Test]
    public async Task A_close_long_ago_is_found_in_few_reads()
    {
        var streams = new FailingStreams(new MemoryStreams(TimeProvider.System));
        var id = IdAt(May, new Random(1));
        List<LedgerEvent> events = [Reserved(id, May), new Committed(May, new Cause(id, default), id, 1, 1, [], [])];
        events.AddRange([.. Enumerable.Range(1, 100).Select(i => In(1, May.AddMinutes(i))), Ended(1, May.AddDays(1)), Closed(1, May.AddDays(2))]);
        events.AddRange(Enumerable.Range(1, 20_000).Select(i => In(2, May.AddDays(2).AddMinutes(i))));
        Store(streams, events);
        Assert.That((await new ReservationHistory(streams).Find("ledger-ada", id, CancellationToken.None)).Closed, Is.EqualTo(events[103]));
        Assert.That(streams.Reads, Is.LessThanOrEqualTo(2 * (2 + 15) + 1));
    }

    private static Past Found(IEventStreams streams, Guid reservation) =>
        new ReservationHistory(streams).Find("ledger-ada", reservation, CancellationToken.None).GetAwaiter().GetResult();

    // periods one after another; each closes some time after its end, while the next one runs
    private static (List<LedgerEvent> Events, List<(Guid Reservation, int Period)> Settled) Years(Random random)
    {
        var (at, events, settled, closed) = (May, new List<LedgerEvent>(), new List<(Guid, int)>(), 0);
        for (var period = 1; period <= 12; period++)
        {
            for (var i = random.Next(40); i >= 0; i--) Add(events, settled, at += TimeSpan.FromMinutes(random.Next(60)), period, closed, random);
            if (period == 12 && random.Next(2) == 0) break;
            events.Add(Ended(period, at));
            if (random.Next(3) > 0) Add(events, settled, at += TimeSpan.FromMinutes(1), period, closed, random);
            if (period - closed > 2 || random.Next(2) == 0) events.Add(Closed(++closed, at));
        }
        return (events, settled);
    }

    private static void Add(List<LedgerEvent> events, List<(Guid, int)> settled, DateTimeOffset at, int period, int closed, Random random)
    {
        var id = IdAt(at, random);
        switch (random.Next(4))
        {
            case 0: events.Add(Noise(at)); break;
            case 1: events.Add(In(period, at)); break;
            // late usage counts in an earlier period, if that is open
            case 2: events.Add(In(random.Next(closed + 1, period + 1), at) with { OccurredAt = at }); break;
            default:
                events.AddRange([Reserved(id, at) with { Period = period }, new Committed(at, new Cause(IdAt(at, random), default), id, 1, period, [], [])]);
                settled.Add((id, period));
                break;
        }
    }

    private static UsageTracked In(int period, DateTimeOffset at) => new(at, new Cause(IdAt(at, new Random(9)), default), 1, period, true, false, [], []);

    private static PeriodEnded Ended(int period, DateTimeOffset at) => new(at, new Period(period, May, at), [], null, new Period(period + 1, at, at.AddDays(1)), 1);

    private static PeriodClosed Closed(int period, DateTimeOffset at) => new(at, new Period(period, May, at), [], [], null);

    private static (List<LedgerEvent>, List<Guid>) Story(Random random)
    {
        var (at, events, open, all) = (May, new List<LedgerEvent>(), new List<Guid>(), new List<Guid>());
        for (var i = 0; i < 300; i++)
        {
            at += TimeSpan.FromSeconds(random.Next(0, random.Next(2) == 0 ? 5 : 400));
            if (open.Count > 0 && random.Next(2) == 0) events.AddRange(Settle(random, open, at));
            else events.Add(Start(random, open, all, at));
        }
        return (events, all);
    }

    private static LedgerEvent Start(Random random, List<Guid> open, List<Guid> all, DateTimeOffset at)
    {
        // an id may be older or newer than the ledger's time
        var id = IdAt(at + TimeSpan.FromSeconds(random.Next(-599, 60)), random);
        all.Add(id);
        if (random.Next(5) == 0) return new UsageTracked(at, new Cause(id, default), 1, 1, true, false, [], []);
        open.Add(id);
        return Reserved(id, at);
    }

    private static IEnumerable<LedgerEvent> Settle(Random random, List<Guid> open, DateTimeOffset at)
    {
        var id = open[random.Next(open.Count)];
        open.Remove(id);
        var cause = new Cause(IdAt(at, random), default);
        if (random.Next(3) == 0) return [new Released(at, random.Next(2) == 0 ? cause : null, id, ReleaseReason.Released, [])];
        var committed = new Committed(at, cause, id, 1, 1, [], []);
        return random.Next(2) == 0 ? [committed] : [committed, new Refunded(at, cause, id, 1, null, Refunded.Unused, [], [])];
    }

    private static Past Expected(List<LedgerEvent> events, Guid id) => new(
        id, events.OfType<Reserved>().FirstOrDefault(e => e.Reservation == id), events.OfType<Committed>().FirstOrDefault(e => e.Reservation == id),
        events.OfType<Refunded>().FirstOrDefault(e => e.Reservation == id), events.OfType<Released>().FirstOrDefault(e => e.Reservation == id),
        events.OfType<UsageTracked>().FirstOrDefault(e => e.Cause!.Command == id));

    private static void Store(IEventStreams streams, List<LedgerEvent> events)
    {
        for (var i = 0; i < events.Count; i++)
        {
            var (type, data) = LedgerEvents.Encode(events[i]);
            streams.Append("ledger-ada", i - 1, [new NewEvent(IdAt(May, new Random(i)), type, data, default)], CancellationToken.None).GetAwaiter().GetResult();
        }
    }

    private static Reserved Reserved(Guid id, DateTimeOffset at) =>
        new(at, new Cause(id, default), id, 1, 1, at.AddMinutes(10), TimeSpan.FromSeconds(30), Items<UsedLine>.Empty, Items<Draw>.Empty);

    private static CreditExpired Noise(DateTimeOffset at) => new(at, Guid.Empty, 1);

    private static Guid IdAt(DateTimeOffset at, Random random)
    {
        Span<byte> bytes = stackalloc byte[16];
        random.NextBytes(bytes);
        var time = at.ToUnixTimeMilliseconds();
        for (var i = 0; i < 6; i++) bytes[i] = (byte)(time >> (40 - 8 * i));
        bytes[6] = (byte)((bytes[6] & 0x0F) | 0x70);
        bytes[8] = (byte)((bytes[8] & 0x3F) | 0x80);
        return new Guid(bytes, bigEndian: true);
    }
}
