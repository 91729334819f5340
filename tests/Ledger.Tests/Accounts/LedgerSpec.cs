using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Metering.Ledger.Accounts;
using Metering.Ledger.Stored;
using static Metering.Ledger.Tests.Accounts.AccountSamples;

namespace Metering.Ledger.Tests.Accounts;

/// <summary>
/// Given commands that were done, when this one, then exactly these events. Every Then also checks that the stream as stored folds to the same
/// state as the live one and that no event goes back in time. Ids are written as numbers, <c>Number(1)</c>; each becomes a UUIDv7 of the moment at
/// which its command is first sent, and is a number again in what is compared.
/// </summary>
internal sealed class LedgerSpec
{
    private readonly LedgerState state = new();
    private readonly List<LedgerEvent> stream = [];
    private readonly Dictionary<Guid, Guid> ids = [];
    private DateTimeOffset now = May;
    private LedgerTurn turn = new([], new Done([]));
    private int before;

    /// <summary>At the beginning of May.</summary>
    public static LedgerSpec Given(params Command[] commands) => new LedgerSpec().And(commands);

    public LedgerSpec And(params Command[] commands)
    {
        foreach (var command in commands)
            Assert.That(Send(command).Answer, Is.TypeOf<Done>(), $"given {command}");
        return this;
    }

    public LedgerSpec At(DateTimeOffset time)
    {
        now = time;
        return this;
    }

    public LedgerSpec When(Command command)
    {
        before = stream.Count;
        turn = Send(command);
        return this;
    }

    /// <summary>The very events appended, due facts included; the answer has those that the command made.</summary>
    public LedgerSpec Then(params LedgerEvent[] events)
    {
        Assert.That(Appended.Select(Shown), Is.EqualTo(events.Select(Shown)), Answer.ToString());
        Assert.That(Appended, Is.EqualTo(events));
        return Checked();
    }

    /// <summary>The kinds of events appended, for specs about their order only.</summary>
    public LedgerSpec ThenKinds(params Type[] kinds)
    {
        Assert.That(Appended.Select(one => one.GetType()), Is.EqualTo(kinds), Answer.ToString());
        return Checked();
    }

    /// <summary>The only draw of the reservation or usage appended last.</summary>
    public LedgerSpec ThenLastDraw(Draw draw)
    {
        var draws = Appended[^1] switch { Reserved e => e.Draws, UsageTracked e => e.Draws, Committed e => e.Draws, Refunded e => e.Draws, var e => throw new AssertionException(e.ToString()) };
        Assert.That(draws, Is.EqualTo(new[] { draw }));
        return this;
    }

    public LedgerSpec ThenDenied(
        DenialReason reason, string? group, long needed, long quota, long used, long held, long remaining, DateTimeOffset? resetsAt, string? meter = null)
    {
        var denied = new Denied(reason, group, meter, needed, quota, used, held, remaining, resetsAt, now, stream.Count - 1);
        Assert.That(Answer, Is.EqualTo(denied));
        return ThenNothing();
    }

    public LedgerSpec ThenDenied(DenialReason reason)
    {
        Assert.That(Answer, Is.TypeOf<Denied>());
        Assert.That(((Denied)Answer).Reason, Is.EqualTo(reason));
        return ThenNothing();
    }

    public LedgerSpec ThenRefused(RefusalKind kind, string field, string says = "")
    {
        Assert.That(Answer, Is.TypeOf<Refused>());
        var refused = (Refused)Answer;
        Assert.That((refused.Kind, refused.Field), Is.EqualTo((kind, field)), refused.Message);
        Assert.That(refused.Message, Does.Contain(says));
        return ThenNothing();
    }

    public LedgerSpec ThenDoneBefore(int command, long revision)
    {
        Assert.That(Answer, Is.EqualTo(new DoneBefore(Real(Number(command)), revision)));
        return ThenNothing();
    }

    /// <summary>Nothing was appended, and state is what the stream and the facts due by now make it.</summary>
    public LedgerSpec ThenNothing()
    {
        Assert.That(turn.Events, Is.Empty, Answer.ToString());
        var rebuilt = Rebuilt();
        Decisions.Take(rebuilt, new GetUsage(), now, Zones);
        Assert.That(StateDump.Of(state), Is.EqualTo(StateDump.Of(rebuilt)), "a denial, a refusal or a read leaves a trace in state");
        return this;
    }

    public LedgerSpec ThenAnswer<T>(Action<T> check) where T : Answer
    {
        Assert.That(Answer, Is.TypeOf<T>());
        check((T)Answer);
        return Checked();
    }

    /// <summary>One group's balance as a read shows it.</summary>
    public LedgerSpec ThenBalance(string group, long used, long held, long available)
    {
        var usage = (Usage)Decisions.Take(Rebuilt(), new GetUsage(), now, Zones).Answer!;
        var balance = usage.Groups.Single(one => one.Group == group);
        Assert.That((balance.Used, balance.Held, balance.Available), Is.EqualTo((used, held, available)), balance.ToString());
        return this;
    }

    public LedgerSpec ThenGrant(int grant, long used, long held, long expired)
    {
        var usage = (Usage)Decisions.Take(Rebuilt(), new GetUsage(), now, Zones).Answer!;
        var balance = usage.Grants.Single(one => one.Grant == Real(Number(grant)));
        Assert.That((balance.Used, balance.Held, balance.Expired), Is.EqualTo((used, held, expired)), balance.ToString());
        return this;
    }

    public Answer Answer => turn.Answer!;

    /// <summary>All that was appended so far, with the real ids.</summary>
    public IReadOnlyList<LedgerEvent> Stream => stream;

    public IReadOnlyList<LedgerEvent> Appended => stream.Skip(before).Select(Numbered).ToList();

    /// <summary>Answers <see cref="NeedsPast"/> the way a runner does: looks in the stream and asks again.</summary>
    private LedgerTurn Send(Command command)
    {
        var sent = Resolved(command);
        var taken = Decisions.Take(state, sent, now, Zones);
        if (taken.Answer is NeedsPast needs) taken = Decisions.Take(state, WithPast(sent, PastOf(needs.Reservation)), now, Zones);
        stream.AddRange(taken.Events);
        return taken;
    }

    private LedgerSpec Checked()
    {
        Assert.That(stream.Zip(stream.Skip(1), (a, b) => b.At >= a.At), Has.All.True, "an event's time went back");
        Assert.That(state.AppendedRevision, Is.EqualTo(stream.Count - 1));
        var rebuilt = Rebuilt();
        foreach (var due in state.Unappended) Fold.Apply(rebuilt, due);
        Assert.That(StateDump.Of(rebuilt), Is.EqualTo(StateDump.Of(state)), "rebuilt is not live");
        var restored = LedgerSnapshots.Restore(LedgerSnapshots.Save(rebuilt).Span);
        Assert.That(StateDump.Of(restored), Is.EqualTo(StateDump.Of(rebuilt)), "a snapshot is not the state");
        return this;
    }

    private LedgerState Rebuilt()
    {
        var rebuilt = new LedgerState();
        foreach (var happened in stream)
        {
            var (type, data) = LedgerEvents.Encode(happened);
            Fold.Apply(rebuilt, LedgerEvents.Decode(type, data.Span));
        }
        return rebuilt;
    }

    private Past PastOf(Guid id) => new(
        id,
        stream.OfType<Reserved>().FirstOrDefault(e => e.Reservation == id),
        stream.OfType<Committed>().FirstOrDefault(e => e.Reservation == id),
        stream.OfType<Refunded>().FirstOrDefault(e => e.Reservation == id && e is { Reason: Refunded.Unused, Lines.Count: 0 }),
        stream.OfType<Released>().FirstOrDefault(e => e.Reservation == id),
        stream.OfType<UsageTracked>().FirstOrDefault(e => e.Cause!.Command == id),
        stream.OfType<PeriodClosed>().FirstOrDefault(e => e.Period.Number == PeriodOf(id)));

    private int? PeriodOf(Guid id) => stream.Select(happened => happened switch
    {
        Committed e when e.Reservation == id => e.Period,
        UsageTracked e when e.Cause!.Command == id => e.Period,
        _ => null,
    }).FirstOrDefault(period => period is not null);

    private static Command WithPast(Command command, Past past) => command switch
    {
        Reserve one => one with { Past = past },
        Check one => one with { Past = past },
        Commit one => one with { Past = past },
        Release one => one with { Past = past },
        Extend one => one with { Past = past },
        Refund one => one with { Past = past },
        _ => throw new InvalidOperationException($"{command} needs no past"),
    };

    private Command Resolved(Command command)
    {
        var sent = command with { Id = Real(command.Id) };
        return sent switch
        {
            Reserve { Parent: { } parent } one => one with { Parent = Real(parent) },
            Check { Parent: { } parent } one => one with { Parent = Real(parent) },
            Commit one => one with { Reservation = Real(one.Reservation) },
            Release one => one with { Reservation = Real(one.Reservation) },
            Extend one => one with { Reservation = Real(one.Reservation) },
            Refund one => one with { Reservation = Real(one.Reservation) },
            RevokeCredit one => one with { Grant = Real(one.Grant) },
            _ => sent,
        };
    }

    private Guid Real(Guid id)
    {
        if (id == Guid.Empty || RememberedIds.TimeOf(id) != 0) return id;
        if (!ids.TryGetValue(id, out var real)) ids.Add(id, real = IdAt(now, NumberOf(id)));
        return real;
    }

    private LedgerEvent Numbered(LedgerEvent happened)
    {
        var (type, data) = LedgerEvents.Encode(happened);
        var json = new StringBuilder(Encoding.UTF8.GetString(data.Span));
        foreach (var (number, real) in ids) json.Replace(real.ToString(), number.ToString());
        return LedgerEvents.Decode(type, Encoding.UTF8.GetBytes(json.ToString()));
    }

    private static string Shown(LedgerEvent happened)
    {
        var (type, data) = LedgerEvents.Encode(happened);
        return $"{type} {Encoding.UTF8.GetString(data.Span)}";
    }
}

/// <summary>All of a state as text, to compare: everything but the facts that are folded and not appended.</summary>
internal static class StateDump
{
    private static readonly JsonSerializerOptions Fields = new() { IncludeFields = true, WriteIndented = true };

    public static string Of(LedgerState state)
    {
        var all = JsonSerializer.SerializeToNode(state, Fields)!.AsObject();
        all.Remove(nameof(LedgerState.Unappended));
        all.Remove(nameof(LedgerState.AppendedRevision));
        all[nameof(LedgerState.Holds)] = Sorted(all[nameof(LedgerState.Holds)]!.AsObject());
        all[nameof(LedgerState.LateRefunds)] = Sorted(all[nameof(LedgerState.LateRefunds)]!.AsObject());
        return all.ToJsonString(Fields);
    }

    // a dictionary's order is no part of its value
    private static JsonObject Sorted(JsonObject map) =>
        new(map.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => KeyValuePair.Create(pair.Key, pair.Value?.DeepClone())));
}
