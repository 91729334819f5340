using Metering.Ledger.Accounts;
using Metering.Ledger.Stored;
using Metering.Ledger.Windows;

namespace Metering.Ledger.Model;

/// <summary>The ledger and its model, given the same commands at the same moments: they must say the same after each.</summary>
internal sealed class Twins
{
    private static readonly Dictionary<Wait, TimeSpan> Lengths = new()
    {
        [Wait.None] = TimeSpan.Zero, [Wait.Second] = TimeSpan.FromSeconds(1), [Wait.Grace] = TimeSpan.FromSeconds(20),
        [Wait.Minutes] = TimeSpan.FromMinutes(4), [Wait.Expiry] = TimeSpan.FromMinutes(10.5), [Wait.Hour] = TimeSpan.FromHours(1),
        [Wait.Hours] = TimeSpan.FromHours(7), [Wait.Day] = TimeSpan.FromHours(25), [Wait.Days] = TimeSpan.FromDays(3),
        [Wait.Month] = TimeSpan.FromDays(31), [Wait.Months] = TimeSpan.FromDays(70),
    };

    private readonly LedgerModel model = new(Shop.Zones);
    private readonly List<LedgerEvent> stream = [];
    private readonly List<(string Type, ReadOnlyMemory<byte> Data)> stored = [];
    private readonly List<Command> done = [];
    private LedgerState ledger = new();
    private (ReadOnlyMemory<byte> Data, int Events)? snapshot;
    private DateTimeOffset now = Shop.Opening;
    private int count;

    // what was due and not appended bears a later time after a restart: the model does not know of it
    private bool foundDueAgain;

    /// <summary>How many answers of each kind were compared: so that a test can tell that it tried them all.</summary>
    public Dictionary<string, int> Seen { get; } = [];

    public void Do(Step step)
    {
        WaitFor(step.Wait);
        if (step.Deed is Deed.Refold or Deed.Save or Deed.Restore) Restart(step.Deed);
        Do(CommandOf(step) ?? new GetUsage());
        Do(new GetUsage());
    }

    public void CheckAtEnd()
    {
        foreach (var window in ledger.Groups.SelectMany(group => group.Windows))
            Must(window is { RolloverUsed: >= 0, RolloverHeld: >= 0, QuotaUsed: >= 0, QuotaHeld: >= 0, OverageUsed: >= 0, OverageHeld: >= 0, OpenDraws: >= 0 },
                "something was given back that was never taken");
        var live = StateText.Of(ledger);
        var full = Folded(new LedgerState(), 0);
        foreach (var due in ledger.Unappended) Fold.Apply(full, due);
        Same(StateText.Of(full), live, "rebuilt state is not live state");
        if (snapshot is not { } saved) return;
        var tail = Folded(LedgerSnapshots.Restore(saved.Data.Span), saved.Events);
        foreach (var due in ledger.Unappended) Fold.Apply(tail, due);
        Same(StateText.Of(tail), live, "snapshot and tail are not the full fold");
    }

    private void WaitFor(Wait wait)
    {
        if (Lengths.TryGetValue(wait, out var length)) now += length;
        else if (wait == Wait.ClockBack) now -= ledger.Unappended.Count == 0 && !foundDueAgain ? TimeSpan.FromSeconds(90) : TimeSpan.Zero;
        else if (model.NextDue is { } due && due > now && due < now.AddDays(100)) now = wait == Wait.UntilDue ? due : due.AddTicks(-1);
    }

    /// <summary>A process ends and another goes on: from the stream, or from a snapshot and the events after it.</summary>
    private void Restart(Deed deed)
    {
        foundDueAgain |= deed != Deed.Save && ledger.Unappended.Count > 0;
        if (deed == Deed.Save && ledger.Unappended.Count == 0) snapshot = (LedgerSnapshots.Save(ledger), stream.Count);
        if (deed == Deed.Refold) ledger = Folded(new LedgerState(), 0);
        if (deed == Deed.Restore && snapshot is { } saved) ledger = Folded(LedgerSnapshots.Restore(saved.Data.Span), saved.Events);
    }

    private LedgerState Folded(LedgerState state, int from)
    {
        foreach (var (type, data) in stored.Skip(from)) Fold.Apply(state, LedgerEvents.Decode(type, data.Span));
        return state;
    }

    // ---- both are asked

    private void Do(Command command)
    {
        var seen = stream.Count;
        var answer = Ask(command);
        var expected = model.Do(command, now);
        Seen[Kind(answer)] = Seen.GetValueOrDefault(Kind(answer)) + 1;
        var facts = stream.Concat(ledger.Unappended).Skip(seen).ToArray();
        var expectedFacts = Told.Plain(model.Facts.Skip(seen));
        if (!Told.Plain(facts).SequenceEqual(expectedFacts))
            Same(Told.Of(Told.Plain(facts)), Told.Of(expectedFacts), $"what happened differs after {command} at {now:O}");
        if (!Told.Plain(answer).Equals(Told.Plain(expected)))
            Same($"{Told.Plain(answer)}", $"{Told.Plain(expected)}", $"the answer differs to {command} at {now:O}");
        CheckLimits(facts);
        if (answer is Done && command is not ClosePeriod) done.Add(command);
    }

    /// <summary>Asks again like a runner does: after what had to be appended first, and with what the stream says of a settled reservation.</summary>
    private Answer Ask(Command command)
    {
        while (true)
        {
            var turn = Decisions.Take(ledger, command, now, Shop.Zones);
            foreach (var happened in turn.Events)
            {
                stream.Add(happened);
                stored.Add(LedgerEvents.Encode(happened));
            }
            if (turn.Answer is NeedsPast needs) command = WithPast(command, needs.Reservation);
            else if (turn.Answer is { } answer) return answer;
        }
    }

    private Command WithPast(Command command, Guid id)
    {
        var committed = First<Committed>(e => e.Reservation == id);
        var tracked = First<UsageTracked>(e => e.Cause!.Command == id);
        var closed = First<PeriodClosed>(e => e.Period.Number == (committed?.Period ?? tracked?.Period));
        var past = new Past(
            id, First<Reserved>(e => e.Reservation == id), committed,
            First<Refunded>(e => e.Reservation == id && e is { Reason: Refunded.Unused, Lines.Count: 0 }), First<Released>(e => e.Reservation == id),
            tracked, closed);
        return command switch
        {
            Commit one => one with { Past = past },
            Release one => one with { Past = past },
            Extend one => one with { Past = past },
            Refund one => one with { Past = past },
            Reserve one => one with { Past = past },
            Check one => one with { Past = past },
            _ => throw new InvalidOperationException($"{command} asks for the past"),
        };
    }

    private T? First<T>(Func<T, bool> that) where T : LedgerEvent => stream.OfType<T>().FirstOrDefault(that);

    /// <summary>What was admitted left every bucket that it drew within its size. What is carved from a run takes nothing anew.</summary>
    private void CheckLimits(LedgerEvent[] facts)
    {
        foreach (var happened in facts)
            foreach (var draw in Admitted(happened))
                foreach (var part in draw.Parts) CheckLimit(draw, part);
    }

    private Items<Draw> Admitted(LedgerEvent happened) => happened switch
    {
        Reserved { Parent: null } e => e.Draws,
        HoldExtended e when ledger.Holds.GetValueOrDefault(e.Reservation) is { Parent: null } => e.Draws,
        UsageTracked { Enforced: true } e => e.Draws,
        _ => [],
    };

    private void CheckLimit(Draw draw, Part part)
    {
        if (part.Bucket == Bucket.Credit)
        {
            Must(ledger.Grant(part.Grant!.Value).Free >= 0, $"{draw.Group} draws more than there is of a credit");
            return;
        }
        if (ledger.Plan is not { } plan || plan.Plan.Group(draw.Group) is not { } group || plan.SinceOf(draw.Group) != draw.Since) return;
        if (ledger.Current?.Period.Start != draw.Start && group.Window == WindowLength.BillingPeriod) return;
        var use = ledger.Use(draw.Group, draw.Since)!.At(draw.Start)!;
        var (taken, size) = part.Bucket switch
        {
            Bucket.Rollover => (use.RolloverUsed + use.RolloverHeld, use.RolloverSize),
            Bucket.Quota => (use.QuotaUsed + use.QuotaHeld, ledger.Limit(group)),
            _ => (use.OverageUsed + use.OverageHeld, group.Overage!.Cap),
        };
        Must(taken <= size, $"{draw.Group} passes its {part.Bucket}: {taken} of {size}");
    }

    private static string Kind(Answer answer) => answer switch
    {
        Denied one => $"denied: {one.Reason}",
        Refused one => $"refused: {one.Kind}",
        Done { Events.Count: > 0 } one => $"done: {one.Events[0].GetType().Name}",
        _ => answer.GetType().Name,
    };

    // ---- commands

    private Guid NextId() => IdAt(now, ++count);

    private static Guid IdAt(DateTimeOffset time, int number)
    {
        var ms = time.ToUnixTimeMilliseconds();
        return new((int)(ms >> 16), (short)ms, 0x7000, 0x80, 0, 0, 0, 0, (byte)(number >> 16), (byte)(number >> 8), (byte)number);
    }

    private Command? CommandOf(Step step)
    {
        var (id, hash, some) = (NextId(), new ContentHash((ulong)count, 7), Shop.Line(step.Which, 1 + step.Quantity % 70));
        var live = step.Quantity % 4 == 3 ? TimeSpan.FromHours(24) : TimeSpan.FromMinutes(10);
        var grace = TimeSpan.FromSeconds(step.Quantity % 5 == 4 ? 0 : 30);
        return step.Deed switch
        {
            Deed.Reserve => new Reserve(id, hash, [some], live, grace),
            Deed.ReserveMore => new Reserve(id, hash, [some with { Quantity = 2 * some.Quantity }], live, grace),
            Deed.ReserveTwo => new Reserve(id, hash, [some, Shop.Line(step.Quantity, 1 + step.Which)], live, grace),
            Deed.ReserveIn => Run(step) is { } run ? new Reserve(id, hash, [Like(run, step) with { Quantity = 1 + step.Quantity % 30 }], live, grace, run.Id) : null,
            Deed.ReserveInAnother => Hold(step) is { } hold ? new Reserve(id, hash, [some], live, grace, hold.Id) : null,
            Deed.CheckIn => Run(step) is { } run ? new Check([some], run.Id) : null,
            Deed.Huge => new Reserve(id, hash, [Shop.Line(step.Which % 6, long.MaxValue), some], live, grace),
            Deed.Check => new Check([some, Shop.Line(step.Quantity, 1 + step.Which)]),
            Deed.Commit => Hold(step) is { } hold ? new Commit(id, hash, hold.Id, [Like(hold, step)]) : null,
            Deed.CommitWhole => Hold(step) is { } hold ? new Commit(id, hash, hold.Id, null) : null,
            Deed.CommitOther => Hold(step) is { } hold ? new Commit(id, hash, hold.Id, [Like(hold, step), some]) : null,
            Deed.Release => Hold(step) is { } hold ? new Release(id, hash, hold.Id) : null,
            Deed.ExtendTime => Hold(step) is { } hold ? new Extend(id, hash, hold.Id, TimeSpan.FromHours(step.Quantity % 30), []) : null,
            Deed.ExtendQuantity => Hold(step) is { } hold ? new Extend(id, hash, hold.Id, null, [some]) : null,
            Deed.Refund => RefundOf(step, id, hash, null),
            Deed.RefundLate => RefundOf(step, id, hash, now.AddDays(1 + step.Which % 3)),
            Deed.RefundAll => Usage(step) is { } usage ? new Refund(id, hash, usage.Id, null, "bad answer", null) : null,
            Deed.Track => new Track(id, hash, [some], Enforced: true, step.Quantity == 79 ? now : null),
            Deed.PostPaid => new Track(id, hash, [some, Shop.Line(step.Quantity, 1 + step.Which)], Enforced: false),
            Deed.Late => new Track(id, hash, [some], Enforced: false, now.AddHours(1 - step.Quantity)),
            Deed.Assign => new AssignPlan(
                id, hash, Shop.Plans[step.Quantity % Shop.Plans.Count], (PlanChange)(step.Which % 3), step.Which > 9 ? "customer" : null),
            Deed.EndPlan => step.Which < 4 ? new EndPlan(id, hash) : null,
            Deed.Customize => new CustomizeLimits(
                id, hash, [new CustomLimit(Labels[step.Which % Labels.Length], step.Quantity % 6 == 0 ? null : 3 * step.Quantity)]),
            Deed.Grant => new GrantCredit(
                id, hash, "tokens", 5 + some.Quantity, step.Which % 3, step.Which % 2 == 0 ? null : now.AddMinutes(15 * step.Which - 15), $"payment {count}"),
            Deed.GrantMoney => new GrantCredit(id, hash, "USD", 20 * some.Quantity, 0, now.AddHours(step.Which), $"payment {count}"),
            Deed.SameSource => Granted(step) is { } grant
                ? new GrantCredit(id, hash, grant.Unit, grant.Amount + step.Quantity % 2, grant.Priority, now.AddDays(2), grant.Source)
                : null,
            Deed.Revoke => Granted(step) is { } grant ? new RevokeCredit(id, hash, grant.Grant) : new RevokeCredit(id, hash, id),
            Deed.Suspend => step.Which < 7 ? new Suspend(id, hash, "fraud") : new Resume(id, hash),
            Deed.Resume => new Resume(id, hash),
            Deed.Close => new ClosePeriod(Guid.Empty, default, step.Which),
            Deed.Repeat => done.Count == 0 ? null : Recent(done, step),
            Deed.OtherContent => done.Count == 0 ? null : Recent(done, step) with { Content = hash },
            Deed.Ahead => new Reserve(IdAt(now.AddSeconds(30 + step.Quantity), count), hash, [some], live, grace),
            Deed.TooOld => new Reserve(IdAt(now.AddSeconds(-9 * step.Quantity), count), hash, [some], live, grace),
            Deed.Unknown => step.Which % 2 == 0 ? new Commit(id, hash, id, null) : new Refund(id, hash, id, null, "bad answer", null),
            _ => null,
        };
    }

    private static readonly string[] Labels = ["tokens", "tokens", "hourly", "money", "images", "out"];

    private static T Recent<T>(IReadOnlyList<T> all, Step step) => all[^(1 + step.Which % all.Count)];

    private CreditGranted? Granted(Step step) => model.Grants.Count == 0 ? null : Recent(model.Grants, step).Grant;

    /// <summary>One of the last that could be a run.</summary>
    private Booking? Run(Step step)
    {
        var open = model.Bookings.Where(one => one is { Is: State.Open, Run: null }).ToArray();
        return open.Length == 0 ? null : open[^(1 + step.Which % Math.Min(2, open.Length))];
    }

    /// <summary>Mostly one that is open; any other one every fourth time.</summary>
    private Booking? Hold(Step step)
    {
        var open = model.Bookings.Where(one => one.Is == State.Open).ToArray();
        if (open.Length > 0 && step.Which < 11) return Recent(open, step);
        return model.Bookings.Count == 0 || step.Which < 8 ? null : Recent(model.Bookings, step);
    }

    private Booking? Usage(Step step)
    {
        var charged = model.Bookings.Where(one => one.Is == State.Charged).ToArray();
        if (charged.Length > 0 && step.Which < 10) return Recent(charged, step);
        return model.Bookings.Count == 0 ? null : Recent(model.Bookings, step);
    }

    /// <summary>What the hold was for: less or more of it.</summary>
    private static AskedLine Like(Booking hold, Step step)
    {
        var of = hold.Lines.Count > 0 ? Shop.EveryLine.First(line => line.Meter == hold.Lines[0].Meter && line.Attributes.Equals(hold.Lines[0].Attributes))
            : Shop.Line(step.Which, 1);
        return of with { Quantity = 1 + step.Quantity * 3 / 2 };
    }

    private Refund? RefundOf(Step step, Guid id, ContentHash hash, DateTimeOffset? restore)
    {
        if (Usage(step) is not { Lines: [var first, ..] } usage) return null;
        var line = new RefundLine(first.Meter, first.Attributes, 1 + step.Quantity / 4);
        return new Refund(id, hash, usage.Id, step.Which % 4 == 3 ? [line, line] : [line], "bad answer", restore);
    }

    private static void Same(string ledger, string model, string what) => Must(ledger == model, $"{what}\nledger: {ledger}\nmodel:  {model}");

    private static void Must(bool holds, string what)
    {
        if (!holds) throw new InvalidOperationException(what);
    }
}
