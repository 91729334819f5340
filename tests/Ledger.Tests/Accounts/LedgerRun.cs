using Metering.Ledger.Accounts;
using Metering.Ledger.Catalog;
using Metering.Ledger.Pricing;
using Metering.Ledger.Stored;
using Metering.Ledger.Windows;
using static Metering.Ledger.Tests.Accounts.AccountSamples;

namespace Metering.Ledger.Tests.Accounts;

/// <summary>What callers do. Numbers pick: how long to wait first, how much, and which of the things done before is meant.</summary>
public enum Deed
{
    Reserve, Child, Commit, CommitWhole, Release, ExtendTime, ExtendQuantity, Refund, RefundAll, Track, Grant, Close, Repeat, Read,
    PostPaid, Customize, Assign, EndPlan, Late, Suspend, Resume, Revoke,
}

public sealed record Step(Deed Deed, int Wait, int Quantity, int Which)
{
    public override string ToString() => $"{Deed}(wait {Wait}, {Quantity}, #{Which})";
}

/// <summary>Does steps one after another on a user of a daily plan and checks after each what must always hold.</summary>
internal sealed class LedgerRun
{
    private static readonly TimeSpan[] Waits =
        [TimeSpan.Zero, TimeSpan.Zero, TimeSpan.FromSeconds(20), TimeSpan.FromMinutes(4), TimeSpan.FromMinutes(11), TimeSpan.FromHours(7), TimeSpan.FromHours(25), TimeSpan.FromDays(3)];

    private static readonly Overage Tiered =
        new(500, TierMode.Graduated, [new Tier(15, new(5, 2), 0), new Tier(40, new(1, 1), 7), new Tier(long.MaxValue, new(1, 3), 0)]);

    private static readonly Plan[] Plans =
    [
        Daily(Quota(100) with { RolloverMax = 30, CommitAllowance = 5, Overage = Over(40, 3), Thresholds = [50, 100] },
            Cap(90, WindowLength.Hour)),
        Daily(Quota(60) with { CommitAllowance = 10 }, Cap(90, WindowLength.Hour), Cap(200, WindowLength.Week, "weekly")),
        Daily(Quota(150) with { Window = WindowLength.Week, RolloverMax = 0 }),
        Daily(Quota(20) with { Window = WindowLength.Hour, Overage = Tiered }) with { LateGrace = TimeSpan.FromHours(8) },
        Daily(Quota(20) with { Window = WindowLength.Week, Overage = Tiered }, Cap(500) with { Thresholds = [10, 20] }),
    ];

    private readonly LedgerState state = new();
    private readonly List<LedgerEvent> stream = [];
    private readonly List<Command> done = [];
    private readonly Dictionary<Guid, Guid?> parents = [];
    private DateTimeOffset now = May;
    private bool mayPassLimits;
    private int count;

    public LedgerRun() => Do(new AssignPlan(NextId(), Hash(0), Plans[0], PlanChange.NextPeriod, null));

    public IReadOnlyList<LedgerEvent> Stream => stream;

    public void Do(Step step)
    {
        now += Waits[step.Wait % Waits.Length];
        if (CommandOf(step) is not { } command) return;
        if (command is Reserve reserve && step.Deed != Deed.Repeat) CheckSaysTheSame(reserve);
        Do(command);
    }

    public void CheckAtEnd()
    {
        var rebuilt = new LedgerState();
        foreach (var happened in stream.Concat(state.Unappended))
        {
            var (type, data) = LedgerEvents.Encode(happened);
            Fold.Apply(rebuilt, LedgerEvents.Decode(type, data.Span));
        }
        Must(StateDump.Of(rebuilt) == StateDump.Of(state), "rebuilt = live");
        Must(stream.Zip(stream.Skip(1), (a, b) => a.At <= b.At).All(ordered => ordered), "time never goes back");
        foreach (var closed in stream.OfType<PeriodClosed>()) CheckTotals(closed);
        Must(stream.OfType<PeriodClosed>().Select((closed, i) => closed.Period.Number == i + 1).All(inOrder => inOrder), "periods close in order");
        CheckRefunds();
        CheckWorth();
        CheckThresholds();
        CheckSnapshots();
    }

    /// <summary>What refunds of a closed period's overage are worth is its charge, no more and, with all of it refunded, no less.</summary>
    private void CheckWorth()
    {
        foreach (var closed in stream.OfType<PeriodClosed>())
            foreach (var total in closed.Groups)
            {
                var backs = stream.OfType<Refunded>().Where(one => one.Period == closed.Period.Number).SelectMany(one => one.Worth ?? [])
                    .Where(back => back.Group == total.Group && back.Since == total.Since).ToArray();
                var (overage, nanos) = (backs.Sum(back => back.Overage), backs.Sum(back => back.Nanos));
                Must(overage <= total.Overage && nanos <= total.Charge,
                    $"refunds of period {closed.Period.Number} are worth {nanos} of {total.Charge}");
                Must(overage < total.Overage || nanos == total.Charge, $"all of it is worth {nanos} of {total.Charge}");
            }
    }

    /// <summary>A threshold is told again only where limits changed in between, and never below it.</summary>
    private void CheckThresholds()
    {
        var told = new HashSet<(string, int, DateTimeOffset, int)>();
        foreach (var happened in stream)
        {
            if (happened is LimitsCustomized or PlanAssigned or PeriodEnded or PeriodClosed) told.Clear();
            if (happened is not ThresholdReached reached) continue;
            Must(told.Add((reached.Group, reached.Since, reached.Start, reached.Percent)), $"{reached} is told once");
            Must(reached.Used * 100 >= reached.Limit * reached.Percent, $"{reached} is reached");
        }
    }

    /// <summary>A snapshot taken in the middle, with the tail, is the full fold.</summary>
    private void CheckSnapshots()
    {
        var (state, cut) = (new LedgerState(), (int)(count * 7919L % (stream.Count + 1)));
        foreach (var happened in stream.Take(cut)) Fold.Apply(state, happened);
        state = LedgerSnapshots.Restore(LedgerSnapshots.Save(state).Span);
        foreach (var happened in stream.Skip(cut).Concat(this.state.Unappended)) Fold.Apply(state, happened);
        Must(StateDump.Of(state) == StateDump.Of(this.state), $"snapshot after {cut} and tail = full fold");
    }

    private static Plan Daily(params LimitGroup[] groups) => PlanOf(groups) with { Period = WindowLength.Day };

    private Guid NextId() => IdAt(now > state.At ? now : state.At, ++count);

    private Command? CommandOf(Step step)
    {
        var (id, hash, some) = (NextId(), Hash(count), Tokens(1 + step.Quantity % 70));
        return step.Deed switch
        {
            Deed.Reserve => new Reserve(id, hash, [some], TenMinutes, Grace),
            Deed.Child => RunOf(step) is { } run ? new Reserve(id, hash, [Tokens(1 + step.Quantity % 25)], TenMinutes, Grace, run) : null,
            Deed.Commit => Hold(step) is { } hold ? new Commit(id, hash, hold, [some]) : null,
            Deed.CommitWhole => Hold(step) is { } hold ? new Commit(id, hash, hold, null) : null,
            Deed.Release => Hold(step) is { } hold ? new Release(id, hash, hold) : null,
            Deed.ExtendTime => Hold(step) is { } hold ? new Extend(id, hash, hold, TimeSpan.FromHours(23), []) : null,
            Deed.ExtendQuantity => Hold(step) is { } hold ? new Extend(id, hash, hold, null, [some]) : null,
            Deed.Refund => Settled(step) is { } settled ? new Refund(id, hash, settled, [Back(some.Quantity)], "r", step.Wait == 1 ? now.AddDays(2) : null) : null,
            Deed.RefundAll => Settled(step) is { } settled ? new Refund(id, hash, settled, null, "r", null) : null,
            Deed.Track => new Track(id, hash, [some], Enforced: true),
            Deed.PostPaid => new Track(id, hash, [some], Enforced: false),
            Deed.Grant => new GrantCredit(id, hash, "tokens", some.Quantity, step.Which % 3, step.Which % 2 == 0 ? null : now.AddMinutes(15 * (1 + step.Which)), $"p{count}"),
            Deed.Close => new ClosePeriod(Guid.Empty, default, 1 + step.Which),
            Deed.Repeat => done.Count == 0 ? null : done[step.Which % done.Count],
            Deed.Customize => new CustomizeLimits(id, hash, [new CustomLimit("tokens", step.Which % 3 == 0 ? null : 3 * some.Quantity)]),
            Deed.Assign => new AssignPlan(id, hash, Plans[step.Quantity % Plans.Length], (PlanChange)(step.Which % 3), null),
            Deed.EndPlan => new EndPlan(id, hash),
            Deed.Late => new Track(id, hash, [some], Enforced: false, now - Waits[step.Which]),
            Deed.Suspend => new Suspend(id, hash, "unpaid"),
            Deed.Resume => new Resume(id, hash),
            Deed.Revoke => state.Grants.Count == 0 ? null : new RevokeCredit(id, hash, state.Grants[step.Which % state.Grants.Count].Id),
            _ => new GetUsage(),
        };
    }

    /// <summary>Mostly an open reservation without a parent, now and then any.</summary>
    private Guid? RunOf(Step step)
    {
        var open = state.Holds.Values.Where(hold => hold.Parent is null).Select(hold => hold.Reservation).Order().ToArray();
        return step.Which % 4 == 0 || open.Length == 0 ? Hold(step) : open[step.Which % open.Length];
    }

    private Guid? Hold(Step step)
    {
        var reserved = stream.OfType<Reserved>().ToArray();
        return reserved.Length == 0 ? null : reserved[^(1 + step.Which % Math.Min(4, reserved.Length))].Reservation;
    }

    private Guid? Settled(Step step)
    {
        var ids = stream.Select(SettledBy).Where(id => id is not null).ToArray();
        return ids.Length == 0 ? null : ids[^(1 + step.Which % ids.Length)];
    }

    private void Do(Command command)
    {
        var repeated = done.Contains(command);
        var turn = Decisions.Take(state, command, now, Zones);
        if (turn.Answer is NeedsPast needs) turn = Decisions.Take(state, WithPast(command, needs.Reservation), now, Zones);
        stream.AddRange(turn.Events);
        foreach (var reserved in turn.Events.OfType<Reserved>()) parents.Add(reserved.Reservation, reserved.Parent);
        if (repeated) Must(turn is { Events.Count: 0, Answer: DoneBefore or Refused { Kind: RefusalKind.TooOld } }, $"a repeat is not done again: {turn.Answer}");
        if (turn.Events.Count == 0) CheckUntouched();
        if (turn.Answer is Done && command is not ClosePeriod) Remember(command);
        CheckState();
    }

    private void Remember(Command command)
    {
        done.Add(command);
        mayPassLimits |= command is Track { Enforced: false } or CustomizeLimits or AssignPlan { Plan.Version: > 0 } && done.Count > 1;
    }

    private void CheckSaysTheSame(Reserve reserve)
    {
        var check = Answered(state, new Check(reserve.Lines, reserve.Parent));
        var clone = new LedgerState();
        foreach (var happened in stream) Fold.Apply(clone, happened);
        var answer = Answered(clone, reserve);
        Must(answer is Done { Events: [Reserved reserved] } ? check is Allowed allowed && allowed.Draws.Equals(reserved.Draws) : SameDenial(check, answer),
            $"check = reserve: {check}, {answer}");
    }

    private Answer Answered(LedgerState any, Command command)
    {
        var answer = Decisions.Take(any, command, now, Zones).Answer!;
        return answer is NeedsPast needs ? Decisions.Take(any, WithPast(command, needs.Reservation), now, Zones).Answer! : answer;
    }

    private static bool SameDenial(Answer check, Answer reserve) => check is Refused
        ? check == reserve
        : check is Denied one && reserve is Denied other && one with { At = default, Revision = 0 } == other with { At = default, Revision = 0 };

    private Command WithPast(Command command, Guid id)
    {
        var past = new Past(
            id, First<Reserved>(e => e.Reservation == id), First<Committed>(e => e.Reservation == id),
            First<Refunded>(e => e.Reservation == id && e is { Reason: Refunded.Unused, Lines.Count: 0 }), First<Released>(e => e.Reservation == id),
            First<UsageTracked>(e => e.Cause!.Command == id),
            First<PeriodClosed>(e => e.Period.Number == PeriodOf(stream.FirstOrDefault(one => SettledBy(one) == id))));
        return command switch
        {
            Reserve one => one with { Past = past },
            Check one => one with { Past = past },
            Commit one => one with { Past = past },
            Release one => one with { Past = past },
            Extend one => one with { Past = past },
            Refund one => one with { Past = past },
            _ => throw new InvalidOperationException($"{command} asks for the past"),
        };
    }

    private T? First<T>(Func<T, bool> that) where T : LedgerEvent => stream.OfType<T>().FirstOrDefault(that);

    /// <summary>What appended nothing left nothing but facts that are due anyway.</summary>
    private void CheckUntouched()
    {
        var rebuilt = new LedgerState();
        foreach (var happened in stream.Concat(state.Unappended)) Fold.Apply(rebuilt, happened);
        Must(StateDump.Of(rebuilt) == StateDump.Of(state), "a denial changes nothing");
        Must(state.Unappended.All(e => e.Cause is null), "only due facts wait");
        Must(state.AppendedRevision == stream.Count - 1, "the revision is the stream's");
    }

    private void CheckState()
    {
        foreach (var grant in state.Grants)
            Must(grant is { Used: >= 0, Held: >= 0, Expired: >= 0, Free: >= 0 } && (grant.ExpiresAt > state.At || grant.ExpiresAt is null || grant.Free == 0), $"grant {grant.Used}, {grant.Held}, {grant.Expired} of {grant.Amount}");
        foreach (var group in state.Groups)
            foreach (var window in group.Windows) CheckWindow(group, window);
        CheckHolds();
        foreach (var hold in state.Holds.Values) CheckRun(hold);
        CheckCredits();
    }

    private void CheckWindow(GroupUse group, WindowUse window)
    {
        Must(window is { RolloverUsed: >= 0, RolloverHeld: >= 0, QuotaUsed: >= 0, QuotaHeld: >= 0, OverageUsed: >= 0, OverageHeld: >= 0, OpenDraws: >= 0 }, "nothing negative");
        Must(window.RolloverUsed + window.RolloverHeld <= window.RolloverSize, "within rollover");
        if (mayPassLimits) return;
        var plan = state.LastPlan!.Plan.Group(group.Group)!;
        var allowance = plan.Overage is null ? plan.CommitAllowance : 0;
        Must(window.QuotaUsed + window.QuotaHeld <= plan.Quota + allowance, $"{group.Group} within its quota: {window.QuotaUsed} + {window.QuotaHeld}");
        Must(window.OverageUsed + window.OverageHeld <= (plan.Overage?.Cap + plan.CommitAllowance ?? 0), $"{group.Group} within its overage: {window.OverageUsed}");
    }

    /// <summary>What is held of each bucket, summed over the holds, is what windows and grants say.</summary>
    private void CheckHolds()
    {
        var parts = state.Holds.Values.SelectMany(hold => hold.Draws).SelectMany(draw => draw.Parts.Select(part => (draw, part))).ToArray();
        var windows = state.Groups.SelectMany(group => group.Windows.Select(window => (group, window))).ToArray();
        Must(windows.Sum(one => one.window.Held) == parts.Where(one => one.part.Bucket != Bucket.Credit).Sum(one => one.part.Amount), "held");
        foreach (var (group, window) in windows)
        {
            var here = parts.Where(one => (one.draw.Group, one.draw.Since, one.draw.Start) == (group.Group, group.Since, window.Start))
                .ToLookup(one => one.part.Bucket, one => one.part.Amount);
            Must(here[Bucket.Rollover].Sum() == window.RolloverHeld, $"held of rollover in {group.Group}");
            Must(here[Bucket.Quota].Sum() == window.QuotaHeld, $"held of quota in {group.Group}");
            Must(here[Bucket.Overage].Sum() == window.OverageHeld, $"held of overage in {group.Group}");
        }
        foreach (var grant in state.Grants)
            Must(grant.Held == parts.Where(one => one.part.Grant == grant.Id).Sum(one => one.part.Amount), "held of a grant");
        Must(state.Holds.Count == state.Expiries.Count && state.Holds.Count == state.Ended.Append(state.Current).Sum(period => period?.OpenHolds ?? 0), "each hold expires once, in one period");
    }

    /// <summary>What a hold has is what events gave it, less what its children took, and what they gave back; no child outlives it.</summary>
    private void CheckRun(Hold run)
    {
        var expected = stream.Concat(state.Unappended).SelectMany(e => MovesOf(e, run.Reservation)).GroupBy(one => one.Key)
            .Select(same => (same.Key, Amount: same.Sum(one => one.Amount))).Where(one => one.Amount != 0);
        var rest = Moves(run.Draws, 1).GroupBy(one => one.Key).Select(same => (same.Key, same.Sum(one => one.Amount)));
        Must(expected.ToHashSet().SetEquals(rest), "the rest of a run");
        foreach (var child in state.Holds.Values.Where(one => one.Parent == run.Reservation))
            Must(child.Deadline <= run.Deadline && child.ExpiresAt <= run.ExpiresAt && child.Period == run.Period, "no child outlives its run");
    }

    private IEnumerable<((string, DateTimeOffset, Bucket, Guid?) Key, long Amount)> MovesOf(LedgerEvent happened, Guid id) => happened switch
    {
        Reserved e when e.Reservation == id => Moves(e.Draws, 1),
        Reserved e when e.Parent == id => Moves(e.Draws, -1),
        HoldExtended e when e.Reservation == id => Moves(e.Draws, 1),
        HoldExtended e when ParentOf(e.Reservation) == id => Moves(e.Draws, -1),
        Committed e when ParentOf(e.Reservation) == id => Moves(e.FromParent ?? [], -1),
        Released e when e.ToParent == id => Moves(e.Draws, 1),
        Refunded e when e.ToParent == id => Moves(e.Draws, 1),
        _ => [],
    };

    private Guid? ParentOf(Guid id) => parents.GetValueOrDefault(id);

    private static IEnumerable<((string, DateTimeOffset, Bucket, Guid?) Key, long Amount)> Moves(Items<Draw> draws, int sign) =>
        draws.SelectMany(draw => draw.Parts.Select(part => ((draw.Group, draw.Start, part.Bucket, part.Grant), sign * part.Amount)));

    /// <summary>What was used of each grant is what the events took less what they gave back.</summary>
    private void CheckCredits()
    {
        foreach (var grant in state.Grants)
            Must(grant.Used == Charged(stream).Where(one => one.Part.Grant == grant.Id).Sum(one => one.Part.Amount), "used of a grant");
    }

    private void CheckTotals(PeriodClosed closed)
    {
        var before = stream.TakeWhile(e => e != closed).ToArray();
        foreach (var group in closed.Groups.GroupBy(total => total.Group))
            foreach (var bucket in Enum.GetValues<Bucket>())
                Must(group.Sum(total => Of(total, bucket)) == Charged(before).Where(one => one.Period == closed.Period.Number && one.Group == group.Key && one.Part.Bucket == bucket).Sum(one => one.Part.Amount),
                    $"totals of {group.Key} in period {closed.Period.Number}");
        var lines = before.Where(e => PeriodOf(e) == closed.Period.Number).SelectMany(LinesOf);
        var back = before.OfType<Refunded>().Where(one => one.Period == closed.Period.Number).SelectMany(one => one.Lines).Sum(line => line.Quantity);
        Must(closed.Meters.Sum(meter => meter.Quantity) == lines.Sum(line => line.Charged) - back, "totals of the meter");
    }

    private static long Of(GroupTotal total, Bucket bucket) => bucket switch
    {
        Bucket.Rollover => total.Rollover,
        Bucket.Quota => total.Quota,
        Bucket.Credit => total.Credit,
        _ => total.Overage,
    };

    /// <summary>Every part that events charged, those given back with a minus.</summary>
    private static IEnumerable<(int? Period, string Group, Part Part)> Charged(IEnumerable<LedgerEvent> events) => events.SelectMany(e => e switch
    {
        Committed one => one.Draws.SelectMany(draw => draw.Parts.Select(part => ((int?)one.Period, draw.Group, part))),
        UsageTracked one => one.Draws.SelectMany(draw => draw.Parts.Select(part => (one.Period, draw.Group, part))),
        Refunded one => one.Draws.SelectMany(draw => draw.Parts.Select(part => ((int?)one.Period, draw.Group, part with { Amount = -part.Amount }))),
        _ => [],
    });

    /// <summary>Per reservation and bucket, never more is given back than was taken; what is left of a group is what its lines charged.</summary>
    private void CheckRefunds()
    {
        foreach (var taken in stream)
        {
            if (SettledBy(taken) is not { } id) continue;
            var net = Charged(stream.Where(e => e == taken || (e is Refunded back && back.Reservation == id))).ToArray();
            foreach (var bucket in net.GroupBy(one => (one.Group, one.Part.Bucket, one.Part.Grant)))
                Must(bucket.Sum(one => one.Part.Amount) >= 0, $"refunded at most what was taken of {bucket.Key}");
            var left = LinesOf(taken).Sum(line => line.Charged) - stream.OfType<Refunded>().Where(back => back.Reservation == id).SelectMany(back => back.Lines).Sum(line => line.Quantity);
            Must(net.Where(one => one.Group == "tokens").Sum(one => one.Part.Amount) == left, "a group's draws are what its lines charge");
        }
    }

    private static Guid? SettledBy(LedgerEvent e) => e switch { Committed one => one.Reservation, UsageTracked one => one.Cause!.Command, _ => null };

    private static int? PeriodOf(LedgerEvent? e) => e switch { Committed one => one.Period, UsageTracked one => one.Period, _ => null };

    private static Items<UsedLine> LinesOf(LedgerEvent e) => e switch { Committed one => one.Lines, UsageTracked one => one.Lines, _ => [] };

    private static void Must(bool holds, string what)
    {
        if (!holds) throw new InvalidOperationException($"does not hold: {what}");
    }
}
