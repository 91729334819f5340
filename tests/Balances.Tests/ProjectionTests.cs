using Metering.Balances.ReadModels;
using Metering.Ledger.Accounts;
using Metering.Ledger.Catalog;
using static Metering.Ledger.Tests.Accounts.AccountSamples;

namespace Metering.Balances.Tests;

/// <summary>Exact documents from really decided commands.</summary>
public sealed class ProjectionTests
{
    private static readonly LimitGroup Group = Quota(500) with { Overage = Over(100, 2), Reporting = new Reporting("llm_tokens", 10, Reports.Overage) };

    [Test]
    public void A_balance_is_what_the_ledger_says_it_is()
    {
        var ann = Started("ann");
        var hold = Reserve(ann, 300);
        ann.Do(id => new Commit(id, Hash(1), hold, [Tokens(200)]));
        Reserve(ann, 350);
        ann.Do(id => new GrantCredit(id, Hash(2), "tokens", 40, 5, June, "pay_1"));
        var balance = Documents.After(ann).Balance("ann");
        Assert.That((balance.Revision, balance.At, balance.StripeCustomer), Is.EqualTo((ann.Events.Count - 1, ann.Now, "cus_1")));
        var usage = balance.Usage(Zones);
        Assert.That(usage.Groups, Is.EqualTo(new[]
        {
            new GroupUsage("tokens", "tokens", GroupKind.Funding, May, June, 500, 0, Used: 200, Held: 350, Overage: 0, OverageCap: 100, Available: 90, Charge: 0),
        }));
        var grant = ann.Events.OfType<CreditGranted>().Single().Grant;
        Assert.That(usage.Grants, Is.EqualTo(new[] { new GrantUsage(grant, "tokens", 40, 0, 0, 0, 5, June, "pay_1") }));
        Assert.That((usage.Plan, usage.PlanVersion, usage.Period, usage.OpenHolds), Is.EqualTo(("pro", 1, new Period(1, May, June), 1)));
    }

    [Test]
    public void A_running_period_is_due_at_its_end()
    {
        var ann = Started("ann");
        var running = new BillingPeriod("ann/0000000001", "ann", new Period(1, May, June), PeriodStage.Running, null, null, "cus_1", [], [], 0, BillingPeriod.DueAt(June));
        Assert.That(Documents.After(ann).Periods("ann"), Is.EqualTo(new[] { running }));
        Assert.That(Documents.After(ann).Due(June.AddTicks(-1)), Is.Empty);
        Assert.That(Documents.After(ann).Due(June), Is.EqualTo(new[] { running }));
    }

    [Test]
    public void A_period_that_ended_waits_for_its_last_hold_to_expire()
    {
        var ann = Started("ann");
        ann.Do(new Track(ann.NewId(), Hash(1), [Tokens(120)], Enforced: true));
        ann.Now = June.AddMinutes(-1);
        Reserve(ann, 10);
        ann.Now = June.AddMinutes(1);
        ann.Do(Close(1));
        GroupTotal[] totals = [new("tokens", 1, "tokens", GroupKind.Funding, 0, 120, 0, 0, 0, 0, 0, 0, 0, Group.Reporting)];
        var documents = Documents.After(ann);
        Assert.That(documents.Periods("ann"), Is.EqualTo(new[]
        {
            new BillingPeriod(
                "ann/0000000001", "ann", new Period(1, May, June), PeriodStage.Ended, ann.Now, null, "cus_1", [.. totals], [], 3,
                BillingPeriod.DueAt(Expiry(June.AddMinutes(-1)))),
            new BillingPeriod(
                "ann/0000000002", "ann", new Period(2, June, July), PeriodStage.Running, null, null, "cus_1", [], [], 3, BillingPeriod.DueAt(July)),
        }));
        Assert.That(documents.Due(ann.Now), Is.Empty, "asking now would be too soon");
    }

    [Test]
    public void A_closed_period_is_final_and_never_due()
    {
        var ann = Started("ann");
        ann.Do(new Track(ann.NewId(), Hash(1), [Tokens(530)], Enforced: true));
        ann.Now = June.AddHours(1);
        ann.Do(Close(1));
        var documents = Documents.After(ann);
        Assert.That(documents.Periods("ann")[0], Is.EqualTo(new BillingPeriod(
            "ann/0000000001", "ann", new Period(1, May, June), PeriodStage.Closed, ann.Now, ann.Now, "cus_1",
            [new GroupTotal("tokens", 1, "tokens", GroupKind.Funding, 0, 500, 0, 30, 60, 0, 0, 0, 0, Group.Reporting)],
            [new MeterTotal("llm.tokens", 530, 0)], 3, null)));
        Assert.That(documents.Due(July.AddTicks(-1)), Is.Empty);
    }

    [Test]
    public void Late_grace_puts_the_closing_off()
    {
        var ann = new Player("ann");
        ann.Do(id => new AssignPlan(id, Hash(9), PlanOf(Group) with { LateGrace = TimeSpan.FromDays(2) }, PlanChange.NextPeriod, null));
        ann.Now = June.AddMinutes(1);
        ann.Do(Close(1));
        var documents = Documents.After(ann);
        Assert.That(documents.Periods("ann")[0].Stage, Is.EqualTo(PeriodStage.Ended));
        Assert.That(documents.Due(June.AddDays(2).AddTicks(-1)), Is.Empty);
        Assert.That(documents.Due(June.AddDays(2)).Single().Period.Number, Is.EqualTo(1));
    }

    [Test]
    public void A_plan_that_ends_leaves_no_running_period()
    {
        var ann = Started("ann");
        ann.Now = May.AddDays(3);
        ann.Do(id => new EndPlan(id, Hash(3)));
        var documents = Documents.After(ann);
        Assert.That(documents.Periods("ann").Single(), Has.Property("Stage").EqualTo(PeriodStage.Closed));
        Assert.That(documents.Balance("ann").Usage(Zones), Has.Property("Plan").Null.And.Property("Period").Null);
    }

    [Test]
    public void Users_are_kept_apart_however_alike_their_names()
    {
        var players = new[] { "a", "a.", "a:1", "ab" }.Select(Started).ToArray();
        var documents = Documents.After(players);
        foreach (var player in players)
        {
            Assert.That(documents.Periods(player.User).Select(period => period.User), Is.EqualTo(new[] { player.User }));
            Assert.That(documents.Balance(player.User).Revision, Is.EqualTo(0));
        }
    }

    [Test]
    public void A_missing_event_stops_it()
    {
        var ann = Started("ann");
        Reserve(ann, 5);
        Reserve(ann, 5);
        Assert.That(
            () => new Documents().Apply([ann.Stored[0], ann.Stored[2]]),
            Throws.InnerException.InstanceOf<InvalidOperationException>().With.InnerException.Message.Contains("revision 2 after 0"));
    }

    [Test]
    public void An_unknown_event_stops_it() => Assert.That(
        () => new Documents().Apply([Started("ann").Stored[0] with { Type = "unheard.v9" }]),
        Throws.InnerException.InstanceOf<InvalidOperationException>().With.InnerException.Message.Contains("unheard.v9"));

    private static Player Started(string user)
    {
        var player = new Player(user);
        player.Do(id => new AssignPlan(id, Hash(9), PlanOf(Group), PlanChange.NextPeriod, "cus_1"));
        return player;
    }

    private static Guid Reserve(Player player, long tokens)
    {
        var id = player.NewId();
        Assert.That(player.Do(new Reserve(id, Hash(5), [Tokens(tokens)], TenMinutes, Grace)), Is.TypeOf<Done>());
        return id;
    }
}
