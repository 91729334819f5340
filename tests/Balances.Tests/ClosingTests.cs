using Metering.Balances.ReadModels;
using Metering.Ledger.Catalog;
using static Metering.Ledger.Tests.Accounts.AccountSamples;

namespace Metering.Balances.Tests;

/// <summary>The closer, running, against a service that really decides.</summary>
internal sealed class ClosingTests : ServiceTest
{
    [Test]
    public async Task A_user_who_does_nothing_more_is_closed_all_the_same()
    {
        var ann = Player("ann");
        await Show(ann);
        Pass(June, ann);
        await Closed(ann, 1);
        Assert.That(Accounts.Asked.Select(asked => (asked.User, asked.Period)), Has.All.EqualTo(("ann", 1)));
    }

    [Test]
    public async Task Nothing_is_asked_before_it_is_due()
    {
        var (ann, bob) = (Player("ann"), Player("bob", PlanOf(Quota(5)) with { Period = Ledger.Windows.WindowLength.Year }));
        await Show(ann, bob);
        Pass(June, ann, bob);
        await Closed(ann, 1);
        Assert.That(Accounts.Asked.Select(asked => asked.User), Has.None.EqualTo("bob"));
    }

    [Test]
    public async Task Many_users_close_period_after_period()
    {
        var players = Enumerable.Range(0, 40).Select(i => Player($"user-{i}")).ToArray();
        await Show(players);
        for (var month = 1; month <= 3; month++)
        {
            Pass(May.AddMonths(month), players);
            foreach (var player in players) await Closed(player, month);
        }
    }

    [Test]
    public async Task A_hold_is_waited_for_and_no_longer()
    {
        var ann = Player("ann");
        ann.Now = June.AddMinutes(-1);
        Reserve(ann, 10);
        await Show(ann);
        Pass(June, ann);
        await Until(ann, 1, PeriodStage.Ended);
        Pass(Expiry(June.AddMinutes(-1)), ann);
        await Closed(ann, 1);
    }

    [Test]
    public async Task Late_grace_is_waited_for()
    {
        var ann = Player("ann", PlanOf(Quota(5)) with { LateGrace = TimeSpan.FromHours(1) });
        await Show(ann);
        Pass(June, ann);
        await Until(ann, 1, PeriodStage.Ended);
        Pass(June.AddHours(1), ann);
        await Closed(ann, 1);
    }

    [Test]
    public async Task A_service_that_is_away_is_asked_again()
    {
        Accounts.Failures = 1;
        var ann = Player("ann");
        await Show(ann);
        Pass(June, ann);
        while (Accounts.Asked.Length == 0) await Round();
        Time.Now += TimeSpan.FromMinutes(1);
        await Closed(ann, 1);
    }

    /// <summary>The players' clock first: asked at once, they are to find it due.</summary>
    private void Pass(DateTimeOffset to, params Player[] players)
    {
        foreach (var player in players) player.Now = to;
        Time.Now = to;
    }

    private Task Closed(Player player, int period) => Until(player, period, PeriodStage.Closed);

    private async Task Until(Player player, int period, PeriodStage stage)
    {
        var id = BillingPeriod.IdOf(player.User, period);
        while ((await Service.Model.Load<BillingPeriod>([id], Stop))[id].Stage != stage)
        {
            var before = Service.Projector().Progress.Position;
            if ((await Service.Model.Load<BillingPeriod>([id], Stop))[id].Stage == stage) return;
            await Service.Projector().WaitUntil(progress => progress.Position > before, Stop);
        }
    }

    /// <summary>The closer looks once more, beside its own rounds.</summary>
    private Task Round() => ((Balances.Closing.Closer)Service.Services.GetService(typeof(Balances.Closing.Closer))!).CloseDue(Stop);
}
