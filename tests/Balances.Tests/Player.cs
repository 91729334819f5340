using Metering.Kernel.Deciding;
using Metering.Kernel.Streams;
using Metering.Ledger.Accounts;
using Metering.Ledger.Stored;
using Metering.Ledger.Tests.Accounts;

namespace Metering.Balances.Tests;

/// <summary>A user whose commands are really decided. Everything that comes of them is kept, in order.</summary>
internal sealed class Player(string user)
{
    private readonly byte[] head = new byte[Chain.HashSize];
    private readonly List<NewEvent> chained = [];
    private int ids;

    public string User { get; } = user;
    public LedgerState State { get; } = new();
    public List<LedgerEvent> Events { get; } = [];
    public DateTimeOffset Now { get; set; } = AccountSamples.May;

    /// <summary>An id of now; the same in every run.</summary>
    public Guid NewId() => AccountSamples.IdAt(Now, ++ids);

    /// <summary>The events so far, as they are stored, at places 1, 2, 3 …</summary>
    public List<StoredEvent> Stored => [.. Events.Select((_, i) => Store(i, (ulong)i + 1))];

    /// <summary>Decides a command that is made of a new id.</summary>
    public Answer Do(Func<Guid, Command> command) => Do(command(NewId()));

    /// <summary>Decides a command.</summary>
    public Answer Do(Command command)
    {
        for (; ; )
        {
            var turn = Decisions.Take(State, command, Now, AccountSamples.Zones);
            Events.AddRange(turn.Events);
            if (turn.Answer is { } answer) return answer;
        }
    }

    /// <summary>Lets time pass.</summary>
    public Player After(TimeSpan time)
    {
        Now += time;
        return this;
    }

    /// <summary>What the stream says of a reservation, for a late refund.</summary>
    public Past PastOf(Guid reservation) => new(
        reservation, Events.OfType<Reserved>().FirstOrDefault(e => e.Reservation == reservation),
        Events.OfType<Committed>().FirstOrDefault(e => e.Reservation == reservation),
        Events.OfType<Refunded>().FirstOrDefault(e => e.Reservation == reservation && e.Reason == Refunded.Unused),
        Events.OfType<Released>().FirstOrDefault(e => e.Reservation == reservation), null,
        Events.OfType<PeriodClosed>().FirstOrDefault(
            e => e.Period.Number == Events.OfType<Committed>().FirstOrDefault(one => one.Reservation == reservation)?.Period));

    /// <summary>An event of this user, chained to those before, at a place in the global order.</summary>
    public StoredEvent Store(int revision, ulong place)
    {
        while (chained.Count <= revision) chained.Add(Next(Events[chained.Count]));
        var next = chained[revision];
        return new StoredEvent($"ledger-{User}", revision, new Position(place, place), next.Id, next.Type, next.Data, next.Metadata);
    }

    private NewEvent Next(LedgerEvent happened)
    {
        var (type, data) = LedgerEvents.Encode(happened);
        return Chain.Next(head, $"ledger-{User}", chained.Count, new Fact(type, data, happened.Cause?.Command), new Caller("tests", null));
    }

    /// <summary>Appends what is not in the store yet.</summary>
    public async Task<Position> AppendTo(IEventStreams streams, CancellationToken cancellation)
    {
        var stream = $"ledger-{User}";
        var last = Revisions.None;
        await foreach (var stored in streams.Read(stream, Direction.Backwards, Revisions.End, 1, cancellation)) last = stored.Revision;
        NewEvent[] news = [.. Stored.Skip((int)last + 1).Select(stored => new NewEvent(stored.Id, stored.Type, stored.Data, stored.Metadata))];
        return (await streams.Append(stream, last, news, cancellation)).Position;
    }
}
