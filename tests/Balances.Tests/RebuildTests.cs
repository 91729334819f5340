using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using Metering.Balances.ReadModels;
using Metering.Kernel.ReadModels;
using Metering.Kernel.ReadModels.Postgres;
using Metering.Kernel.Streams;
using Metering.Kernel.Tests.ReadModels;
using Metering.Ledger;
using Metering.Ledger.Accounts;
using Metering.Ledger.Catalog;
using Metering.Ledger.Windows;
using static Metering.Ledger.Tests.Accounts.AccountSamples;

namespace Metering.Balances.Tests;

/// <summary>Documents depend on the events alone: not on how they were cut into batches, nor on when the read model was rebuilt.</summary>
public sealed class RebuildTests
{
    private static readonly LimitGroup Tokens500 = Quota(500) with
    {
        RolloverMax = 200, CommitAllowance = 10, Overage = Over(300, 2), Reporting = new Reporting("llm_tokens", 10, Reports.Usage),
        Thresholds = [10, 80, 110],
    };

    private static readonly Plan[] Plans =
    [
        PlanOf(Tokens500, Cap(400)),
        PlanOf(Tokens500 with { Quota = 900, Overage = null }, Cap(600), Cap(90, WindowLength.Hour, "hourly")) with { Id = "max", Version = 2 },
        PlanOf(Quota(70) with
        {
            Window = WindowLength.Week, Overage = Over(300, 3), Reporting = new Reporting("llm_tokens", 10, Reports.Charge),
        }) with { Id = "mini", LateGrace = TimeSpan.FromDays(1) },
    ];

    private readonly record struct Step(int User, int Kind, int Amount, int Pick, int Minutes);

    private static Arbitrary<(Step[] Steps, int[] Cuts)> Histories => (
        from steps in Gen.ArrayOf(
            from user in Gen.Choose(0, 2)
            from kind in Gen.Choose(0, 18)
            from amount in Gen.Choose(1, 200)
            from pick in Gen.Choose(0, 9)
            from minutes in Gen.Frequency((6, Gen.Choose(0, 5)), (3, Gen.Choose(5, 2_000)), (1, Gen.Choose(2_000, 60_000)))
            select new Step(user, kind, amount, pick, minutes))
        from cuts in Gen.NonEmptyListOf(Gen.Choose(1, 9))
        select (steps, cuts.ToArray())).ToArbitrary();

    [Test]
    public void However_events_are_cut_into_batches_the_documents_are_the_same() =>
        Prop.ForAll(Histories, history => Holds(history.Steps, history.Cuts)).Check(Config.QuickThrowOnFailure.WithMaxTest(150).WithEndSize(150));

    /// <summary>Document by document: as before, and as in memory.</summary>
    [Test]
    public void A_rebuild_in_PostgreSQL_equals_what_it_replaces()
    {
        PostgresServer.Required();
        Prop.ForAll(Histories, history => RebuildsEqual(history.Steps).GetAwaiter().GetResult())
            .Check(Config.QuickThrowOnFailure.WithMaxTest(4).WithStartSize(150).WithEndSize(150));
    }

    private static async Task RebuildsEqual(Step[] steps)
    {
        await PostgresServer.Drop(BalancesProjection.Name);
        await using var generations = new MartenGenerations(PostgresServer.Required(), BalancesProjection.Schema);
        Player[] players = [new("ann"), new("bob"), new("cy")];
        var all = Play(players, steps);
        var before = new Documents((await generations.Live(default)).Documents).Take(all, () => 7).All;
        var next = await generations.Begin(default);
        var rebuilt = new Documents(next.Documents).Take(all, () => 40);
        Assert.That(await generations.Switch(next, default), Is.True);
        Assert.That(new Documents(new LiveReadModel(generations)).All, Is.EqualTo(before));
        foreach (var player in players.Where(player => player.Events.Count > 0)) Agrees(player.User, rebuilt, Documents.After(all, () => 1));
    }

    // a database keeps the properties of JSON in an order of its own: read and written again both have that of the class
    private static void Agrees(string user, Documents stored, Documents memory)
    {
        Assert.That(JsonSerializer.Serialize(stored.Periods(user)), Is.EqualTo(JsonSerializer.Serialize(memory.Periods(user))));
        Assert.That(stored.Balance(user).Usage(Zones), Is.EqualTo(memory.Balance(user).Usage(Zones)));
    }

    private static void Holds(Step[] steps, int[] cuts)
    {
        Player[] players = [new("ann"), new("bob"), new("cy")];
        var all = Play(players, steps);
        var live = Documents.After(all, () => 1);
        var cut = 0;
        Assert.That(Documents.After(all, () => cuts[cut++ % cuts.Length]).All, Is.EqualTo(live.All));
        Assert.That(Documents.After(all, () => int.MaxValue).All, Is.EqualTo(live.All), "a rebuild");
        foreach (var player in players.Where(player => player.Events.Count > 0)) Agrees(player, live);
    }

    /// <summary>The document says what the decider's own state says.</summary>
    private static void Agrees(Player player, Documents documents)
    {
        var state = new LedgerState();
        foreach (var happened in player.Events) Fold.Apply(state, happened);
        var balance = documents.Balance(player.User);
        Assert.That(balance.Usage(Zones), Is.EqualTo(Decisions.Take(state, new GetUsage(), state.At, Zones).Answer));
        Assert.That(JsonSerializer.Serialize(balance), Is.EqualTo(JsonSerializer.Serialize(UserBalance.Of(player.User, state))));
        var over = player.Events.OfType<PeriodEnded>().Count();
        var closed = player.Events.OfType<PeriodClosed>().ToDictionary(e => e.Period.Number);
        var periods = documents.Periods(player.User);
        Assert.That(periods.Count(period => period.Stage != PeriodStage.Running), Is.EqualTo(over));
        foreach (var period in periods.Where(period => period.Stage == PeriodStage.Closed))
            Assert.That((period.Groups, period.Meters), Is.EqualTo((closed[period.Period.Number].Groups, closed[period.Period.Number].Meters)));
        Assert.That(periods.Count(period => period.Stage == PeriodStage.Closed), Is.EqualTo(closed.Count));
    }

    /// <summary>The events of all users, in the order in which they came about.</summary>
    private static List<StoredEvent> Play(Player[] players, Step[] steps)
    {
        var all = new List<StoredEvent>();
        foreach (var step in steps)
        {
            var player = players[step.User];
            var before = player.Events.Count;
            player.After(TimeSpan.FromMinutes(step.Minutes)).Do(CommandOf(player, step));
            for (var i = before; i < player.Events.Count; i++) all.Add(player.Store(i, (ulong)all.Count + 1));
        }
        return all;
    }

    private static Command CommandOf(Player player, Step step)
    {
        var (id, hash, open) = (player.NewId(), Hash(step.Amount), Pick(player.State.Holds.Keys.Order().ToArray(), step.Pick));
        var settled = Pick(player.Events.OfType<Committed>().Select(e => e.Reservation).ToArray(), step.Pick);
        return step.Kind switch
        {
            0 => new AssignPlan(id, hash, Plans[step.Pick % Plans.Length], (PlanChange)(step.Amount % 3), step.Amount % 2 == 0 ? "cus_1" : null),
            1 => new GrantCredit(id, hash, "tokens", step.Amount, step.Pick, step.Amount % 2 == 0 ? player.Now.AddDays(step.Pick + 1) : null, $"pay-{id}"),
            2 => new CustomizeLimits(id, hash, [new CustomLimit("tokens", step.Amount % 3 == 0 ? null : step.Amount * 5)]),
            3 when step.Pick == 0 => new EndPlan(id, hash),
            3 or 4 => new ClosePeriod(id, hash, Math.Max(1, player.State.LastPeriod - step.Pick % 3)),
            5 => new Track(id, hash, [Tokens(step.Amount)], step.Pick < 5),
            12 => new Track(id, hash, [Tokens(step.Amount)], false, player.Now.AddHours(-step.Amount)),
            13 => player.State.Suspended ? new Resume(id, hash) : new Suspend(id, hash, "payment_failed"),
            14 when player.State.Grants is { Count: > 0 } grants => new RevokeCredit(id, hash, grants[step.Pick % grants.Count].Id),
            6 or 7 when settled != default =>
                new Refund(id, hash, settled, step.Pick < 3 ? null : [Back(step.Amount)], "bad answer", null, player.PastOf(settled)),
            8 when open != default => new Release(id, hash, open),
            9 when open != default => new Extend(id, hash, open, TimeSpan.FromMinutes(step.Amount), [Tokens(step.Pick + 1)]),
            10 or 11 when open != default => new Commit(id, hash, open, step.Pick < 3 ? null : [Tokens(step.Amount)]),
            _ => new Reserve(id, hash, [Tokens(step.Amount)], TimeSpan.FromMinutes(step.Pick + 1), Grace),
        };
    }

    private static Guid Pick(Guid[] ids, int pick) => ids.Length == 0 ? default : ids[pick % ids.Length];
}
