using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Metering.Ledger.Accounts;
using Metering.Ledger.Catalog;
using Metering.V1;
using static Metering.Ledger.Tests.Accounts.AccountSamples;
using GroupKind = Metering.V1.GroupKind;
using WindowLength = Metering.Ledger.Windows.WindowLength;

namespace Metering.Balances.Tests;

/// <summary>The service Balances, asked over a real connection.</summary>
internal sealed class QueryTests : ServiceTest
{
    private static readonly string TooLong = new('u', 129);

    [Test]
    public async Task A_balance()
    {
        var ann = Player("ann", PlanOf(Quota(500) with { Overage = Over(100, 2) }, Cap(400)));
        Reserve(ann, 300);
        ann.After(TimeSpan.FromMinutes(1)).Do(id => new GrantCredit(id, Hash(1), "tokens", 40, 5, null, "pay_1"));
        await Show(ann);
        var usage = (await Client.GetBalanceAsync(new() { User = "ann" })).Usage;
        Assert.That(usage, Is.EqualTo(new V1.Usage
        {
            User = "ann", At = At(ann.Now), Revision = 2, PlanId = "pro", PlanVersion = 1, OpenHolds = 1,
            Period = new() { Number = 1, Start = At(May), End = At(June) },
            Groups =
            {
                new V1.GroupUsage
                {
                    Group = "tokens", Unit = "tokens", Kind = GroupKind.Funding, WindowStart = At(May), WindowEnd = At(June), Quota = 500,
                    Held = 300, OverageCap = 100, Available = 100,
                },
                new V1.GroupUsage
                {
                    Group = "daily", Unit = "tokens", Kind = GroupKind.Cap, WindowStart = At(May), WindowEnd = At(May.AddDays(1)), Quota = 400,
                    Held = 300, OverageCap = 0, Available = 100,
                },
            },
            Grants = { new V1.GrantUsage { GrantId = usage.Grants[0].GrantId, Unit = "tokens", Amount = 40, Priority = 5, Source = "pay_1" } },
        }));
    }

    [Test]
    public async Task A_lifetime_has_no_end_and_unbounded_overage_no_cap()
    {
        await Show(Player("ann", PlanOf(Quota(500) with { Window = WindowLength.Lifetime, Overage = Over(long.MaxValue) })));
        var group = (await Client.GetBalanceAsync(new() { User = "ann" })).Usage.Groups.Single();
        Assert.That((group.WindowEnd, group.HasOverageCap, group.Available), Is.EqualTo(((Timestamp?)null, false, long.MaxValue)));
    }

    [Test]
    public async Task Grants_are_those_with_something_left_in_the_order_of_the_draw()
    {
        var ann = Player("ann", PlanOf(Quota(0)));
        foreach (var (source, priority, expires) in new[] { ("late", 1, June), ("never", 1, (DateTimeOffset?)null), ("spent", 0, May.AddDays(2)), ("soon", 1, May.AddDays(3)) })
            ann.Do(id => new GrantCredit(id, Hash(1), "tokens", 10, priority, expires, source));
        ann.Do(id => new Track(id, Hash(1), [Tokens(10)], Enforced: true));
        await Show(ann);
        var grants = (await Client.GetBalanceAsync(new() { User = "ann" })).Usage.Grants;
        Assert.That(grants.Select(grant => grant.Source), Is.EqualTo(new[] { "soon", "late", "never" }));
    }

    [Test]
    public async Task Balances_are_listed_page_by_page_in_the_order_of_users()
    {
        string[] users = ["ann", "ann.", "ann:2", "bob", "zoe"];
        await Show([.. users.Reverse().Select(user => Player(user))]);
        var (seen, token) = (new List<string>(), "");
        do
        {
            var page = await Client.ListBalancesAsync(new() { PageSize = 2, PageToken = token });
            Assert.That(page.Usages, Has.Count.InRange(1, 2));
            seen.AddRange(page.Usages.Select(usage => usage.User));
            token = page.NextPageToken;
        }
        while (token.Length > 0);
        Assert.That(seen, Is.EqualTo(users.Order(StringComparer.Ordinal)));
    }

    [Test]
    public async Task A_balance_as_of_any_moment()
    {
        var ann = Player("ann");
        ann.Now = May.AddDays(1);
        var hold = Reserve(ann, 300);
        ann.Now += TimeSpan.FromMinutes(5);
        ann.Do(id => new Commit(id, Hash(1), hold, [Tokens(200)]));
        ann.Now = May.AddDays(2);
        Reserve(ann, 50);
        Time.Now = May.AddYears(1);
        await ann.AppendTo(Streams, Stop);
        Assert.That(await AsOf(May), Is.EqualTo((0L, 0L, 0L, 1)), "the plan alone");
        Assert.That(await AsOf(May.AddDays(1).AddTicks(-1)), Is.EqualTo((0L, 0L, 0L, 1)));
        Assert.That(await AsOf(May.AddDays(1)), Is.EqualTo((1L, 0L, 300L, 1)), "an event at the moment counts");
        Assert.That(await AsOf(May.AddDays(1).AddMinutes(5)), Is.EqualTo((3L, 200L, 0L, 1)));
        Assert.That(await AsOf(Expiry(May.AddDays(2)).AddTicks(-1)), Is.EqualTo((4L, 200L, 50L, 1)));
        Assert.That(await AsOf(Expiry(May.AddDays(2))), Is.EqualTo((4L, 200L, 0L, 1)), "what had fallen due counts, unrecorded");
        Assert.That(await AsOf(June), Is.EqualTo((4L, 0L, 0L, 2)));
        Assert.That(await AsOf(May.AddMonths(11)), Is.EqualTo((4L, 0L, 0L, 12)), "eleven periods later, still unrecorded");
    }

    [Test]
    public async Task Very_much_that_is_due_is_counted_all()
    {
        var ann = Player("ann", PlanOf(Quota(500)) with { Period = WindowLength.Hour });
        Time.Now = May.AddYears(1);
        await ann.AppendTo(Streams, Stop);
        Assert.That(await AsOf(May.AddDays(30)), Is.EqualTo((0L, 0L, 0L, 721)));
    }

    [Test]
    public async Task History_is_what_is_stored()
    {
        var ann = Player("ann");
        Reserve(ann, 5);
        Reserve(ann, 6);
        await ann.AppendTo(Streams, Stop);
        var stored = ann.Stored;
        var page = await Client.ListEventsAsync(new() { User = "ann", Limit = 2 });
        Assert.That((page.Events.Count, page.NextRevision), Is.EqualTo((2, 2L)));
        Assert.That(page.Events[1], Is.EqualTo(new Event
        {
            Revision = 1, EventId = stored[1].Id.ToString(), Type = "reserved.v1", At = At(May),
            MetadataJson = System.Text.Encoding.UTF8.GetString(stored[1].Metadata.Span),
            Json = System.Text.Encoding.UTF8.GetString(stored[1].Data.Span),
        }));
        var rest = await Client.ListEventsAsync(new() { User = "ann", FromRevision = page.NextRevision });
        Assert.That((rest.Events.Single().Revision, rest.HasNextRevision), Is.EqualTo((2L, false)));
        Assert.That((await Client.ListEventsAsync(new() { User = "nobody" })).Events, Is.Empty);
    }

    [Test]
    public async Task Periods_are_listed_once_they_have_ended()
    {
        var ann = Player("ann");
        ann.Do(id => new Track(id, Hash(1), [Tokens(120)], Enforced: true));
        ann.Now = May.AddMonths(3).AddMinutes(-1);
        Reserve(ann, 7);
        ann.Now = May.AddMonths(3);
        ann.Do(Close(3));
        await Show(ann);
        var page = await Client.ListPeriodsAsync(new() { User = "ann", PageSize = 2 });
        Assert.That(page.Periods[0], Is.EqualTo(new PeriodDocument
        {
            User = "ann", Period = new() { Number = 1, Start = At(May), End = At(June) }, State = PeriodState.Closed, Revision = 3,
            EndedAt = At(May.AddMonths(3).AddMinutes(-1)), ClosedAt = At(May.AddMonths(3).AddMinutes(-1)), StripeCustomer = "cus_1",
            Groups = { new V1.GroupTotal { Group = "tokens", Unit = "tokens", Kind = GroupKind.Funding, Quota = 120, Since = 1 } },
            Meters = { new V1.MeterTotal { Meter = "llm.tokens", Quantity = 120 } },
        }));
        Assert.That(page.NextPageToken, Is.Not.Empty);
        var last = await Client.ListPeriodsAsync(new() { User = "ann", PageSize = 2, PageToken = page.NextPageToken });
        Assert.That(last.Periods.Select(period => (period.Period.Number, period.State)), Is.EqualTo(new[] { (3, PeriodState.Ended) }));
        Assert.That(last.NextPageToken, Is.Empty, "the running period is not one to come");
        Assert.That((await Client.ListPeriodsAsync(new() { User = "ann", PageSize = 3 })).NextPageToken, Is.Empty);
    }

    [Test]
    public async Task Progress_names_every_read_model_and_what_it_took_in()
    {
        var ann = Player("ann");
        Reserve(ann, 5);
        Reserve(ann, 6);
        await Show(ann);
        await Service.Projector("publishing").WaitFor(Service.Projector().Progress.Position, Stop);
        var models = (await Client.GetProgressAsync(new())).ReadModels;
        Assert.That(models.Select(model => model.Name), Is.EqualTo(new[] { "balances", "publishing" }));
        foreach (var model in models)
        {
            Assert.That(model.EventsByType, Is.EquivalentTo(new Dictionary<string, long> { ["plan_assigned.v1"] = 1, ["reserved.v1"] = 2 }));
            Assert.That((model.CaughtUp, model.Position), Is.EqualTo((true, models[0].Position)));
        }
    }

    [Test]
    public async Task Who_is_not_known_is_not_found()
    {
        Time.Now = May.AddDays(2);
        await Show(Player("ann"));
        Assert.That(await Refused(Client.GetBalanceAsync(new() { User = "bob" })), Is.EqualTo((StatusCode.NotFound, "user")));
        var before = At(May.AddTicks(-1));
        Assert.That(await Refused(Client.GetBalanceAsOfAsync(new() { User = "ann", At = before })), Is.EqualTo((StatusCode.NotFound, "user")));
        Assert.That((await Client.ListPeriodsAsync(new() { User = "bob" })).Periods, Is.Empty);
    }

    private static IEnumerable<TestCaseData> Wrong()
    {
        static TestCaseData Case(string field, string name, Func<V1.Balances.BalancesClient, Task<(StatusCode, string)>> ask) =>
            new TestCaseData(field, ask).SetArgDisplayNames(name);
        yield return Case("read_models", "a rebuild of nothing", client => Refused(client.RebuildAsync(new())));
        yield return Case("read_models", "a rebuild of what is not", client => Refused(client.RebuildAsync(new() { ReadModels = { "balances", "b" } })));
        yield return Case("user", "no user", client => Refused(client.GetBalanceAsync(new())));
        yield return Case("user", "a long user", client => Refused(client.GetBalanceAsync(new() { User = TooLong })));
        yield return Case("user", "a slash", client => Refused(client.ListPeriodsAsync(new() { User = "a/b" })));
        yield return Case("user", "history of nobody", client => Refused(client.ListEventsAsync(new() { User = "ä" })));
        yield return Case("user", "as of, of nobody", client => Refused(client.GetBalanceAsOfAsync(new() { At = At(May) })));
        yield return Case("at", "no moment", client => Refused(client.GetBalanceAsOfAsync(new() { User = "ann" })));
        yield return Case("at", "to come", client => Refused(client.GetBalanceAsOfAsync(new() { User = "ann", At = At(May.AddTicks(1)) })));
        yield return Case("at", "no timestamp", client => Refused(client.GetBalanceAsOfAsync(new() { User = "ann", At = new() { Nanos = -1 } })));
        yield return Case("at", "beyond time", client => Refused(client.GetBalanceAsOfAsync(new() { User = "ann", At = new() { Seconds = long.MinValue } })));
        yield return Case("from_revision", "before the first", client => Refused(client.ListEventsAsync(new() { User = "ann", FromRevision = -1 })));
        yield return Case("limit", "negative", client => Refused(client.ListEventsAsync(new() { User = "ann", Limit = -1 })));
        yield return Case("limit", "too many", client => Refused(client.ListEventsAsync(new() { User = "ann", Limit = 1001 })));
        yield return Case("page_size", "too many balances", client => Refused(client.ListBalancesAsync(new() { PageSize = 1001 })));
        yield return Case("page_token", "no user's", client => Refused(client.ListBalancesAsync(new() { PageToken = "a/b" })));
        yield return Case("page_size", "too many periods", client => Refused(client.ListPeriodsAsync(new() { User = "ann", PageSize = -5 })));
        yield return Case("page_token", "no number", client => Refused(client.ListPeriodsAsync(new() { User = "ann", PageToken = "-1" })));
    }

    [TestCaseSource(nameof(Wrong))]
    public async Task What_is_wrong_is_named(string field, Func<V1.Balances.BalancesClient, Task<(StatusCode, string)>> ask) =>
        Assert.That(await ask(Client), Is.EqualTo((StatusCode.InvalidArgument, field)));

    private static Timestamp At(DateTimeOffset at) => Timestamp.FromDateTimeOffset(at);

    private async Task<(long Revision, long Used, long Held, int Period)> AsOf(DateTimeOffset at)
    {
        var usage = (await Client.GetBalanceAsOfAsync(new() { User = "ann", At = At(at) })).Usage;
        Assert.That(usage.At, Is.EqualTo(At(at)));
        return (usage.Revision, usage.Groups[0].Used, usage.Groups[0].Held, usage.Period.Number);
    }
}
