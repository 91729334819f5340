using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace Metering.Reservations.Tests.Services;

public sealed class CatalogServiceTests : ServiceTest
{
    [Test]
    public async Task A_plan_is_read_back_as_it_was_published()
    {
        var plan = Plan("full", new V1.LimitGroup
        {
            Label = "budget", Unit = "USD", Kind = V1.GroupKind.Funding, Matches = { new V1.Match { Meter = "*", Attributes = { ["model"] = "large" } } },
            Quota = 5, Window = V1.WindowLength.BillingPeriod, Anchor = V1.Anchor.SubscriptionStart, RolloverMax = 7,
            Overage = new()
            {
                Mode = V1.TierMode.Volume,
                Tiers = { new V1.Tier { UpTo = 10, Price = new() { Nanos = 1, Per = 2 } }, new V1.Tier { Price = new() { Nanos = 1, Per = 3 }, Flat = 4 } },
            },
            Reporting = new() { StripeMeter = "spend", Scale = 1_000, What = V1.ReportedTotal.Charge }, Thresholds = { 80, 100, 120 },
        });
        (plan.Zone, plan.Anchor, plan.LateGrace, plan.BaseFee) = ("Europe/Berlin", V1.Anchor.SubscriptionStart, Duration.FromTimeSpan(TimeSpan.FromDays(2)), 20);
        var published = await Service.Catalog.PublishPlanAsync(new() { CommandId = Id(), Plan = plan });
        plan.Version = 1;
        Assert.That(published.Plan, Is.EqualTo(plan));
        var read = await Service.Catalog.GetPlanAsync(new() { PlanId = "full" });
        Assert.That(read.Plan, Is.EqualTo(new V1.PublishedPlan { Plan = plan, PublishedAt = published.At }));
    }

    [Test]
    public async Task Versions_repeats_and_retirement()
    {
        var publish = new V1.PublishPlanRequest { CommandId = Id(), Plan = Plan("basic", Funding(10)) };
        Assert.That((await Service.Catalog.PublishPlanAsync(publish)).Repeated, Is.False);
        Assert.That((await Service.Catalog.PublishPlanAsync(publish)).Repeated, Is.True);
        var next = new V1.PublishPlanRequest { CommandId = Id(), Plan = Plan("basic", Funding(20)) };
        Assert.That((await Service.Catalog.PublishPlanAsync(next)).Plan.Version, Is.EqualTo(2));
        Assert.That((await Service.Catalog.PublishPlanAsync(publish)).Plan.Version, Is.EqualTo(1), "the first answer again");
        publish.Plan.BaseFee = 1;
        await Fails(Service.Catalog.PublishPlanAsync(publish), StatusCode.AlreadyExists, "command_id");
        Assert.That((await Service.Catalog.GetPlanAsync(new() { PlanId = "basic", Version = 1 })).Plan.Plan.Groups[0].Quota, Is.EqualTo(10));
        await Fails(Service.Catalog.GetPlanAsync(new() { PlanId = "basic", Version = 3 }), StatusCode.NotFound, "plan_id");

        await Service.Catalog.RetirePlanAsync(new() { PlanId = "basic" });
        Assert.That((await Service.Catalog.RetirePlanAsync(new() { PlanId = "basic" })).Repeated, Is.True);
        await Fails(Service.Accounts.AssignPlanAsync(new() { User = "ada", CommandId = Id(), PlanId = "basic" }), StatusCode.NotFound, "plan_id");
        Assert.That((await Service.Catalog.ListPlansAsync(new())).Plans.Select(plan => plan.Plan.Id), Does.Not.Contain("basic"));
        Assert.That((await Service.Catalog.ListPlansAsync(new() { IncludeRetired = true })).Plans.Select(plan => plan.Plan.Id), Does.Contain("basic"));
        await Fails(Service.Catalog.RetirePlanAsync(new() { PlanId = "none" }), StatusCode.NotFound, "plan_id");
    }

    [TestCase("[0]", 0)]
    [TestCase("[1]", 80, 80)]
    [TestCase("[1]", 80, 79)]
    [TestCase("[1]", 1, 1_001)]
    [TestCase("", 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21)]
    public async Task Thresholds_rise_from_1_to_1000_percent(string at, params int[] percents)
    {
        var group = Funding(1);
        group.Thresholds.AddRange(percents);
        await Fails(Service.Catalog.PublishPlanAsync(new() { CommandId = Id(), Plan = Plan("bad", group) }),
            StatusCode.InvalidArgument, $"plan.groups[0].thresholds{at}");
    }

    [Test]
    public async Task A_plan_with_a_mistake_is_refused_by_its_field()
    {
        await Fails(Service.Catalog.PublishPlanAsync(new() { CommandId = Id(), Plan = Plan("bad", Funding(1), Cap(-1)) }),
            StatusCode.InvalidArgument, "plan.groups[1].quota");
        await Fails(Service.Catalog.PublishPlanAsync(new() { CommandId = Id() }), StatusCode.InvalidArgument, "plan");
        await Fails(Service.Catalog.DeclareMeterAsync(new() { Meter = new() { Name = "llm.tokens", Unit = "count" } }), StatusCode.AlreadyExists, "meter.unit");
    }

    [Test]
    public async Task Meters_are_listed_in_pages()
    {
        foreach (var name in new[] { "page.c", "page.a", "page.b" })
            await Service.Catalog.DeclareMeterAsync(new() { Meter = new() { Name = name, Unit = "count" } });
        var (names, token) = (new List<string>(), "");
        do
        {
            var page = await Service.Catalog.ListMetersAsync(new() { PageSize = 2, PageToken = token });
            names.AddRange(page.Meters.Select(meter => meter.Name));
            token = page.NextPageToken;
        }
        while (token.Length > 0);
        Assert.That(names, Is.EqualTo(names.Order(StringComparer.Ordinal)).And.Unique.And.SupersetOf(new[] { "page.a", "page.b", "page.c" }));
        await Fails(Service.Catalog.ListMetersAsync(new() { PageSize = 1_001 }), StatusCode.InvalidArgument, "page_size");
    }

    [Test]
    public async Task Prices_are_in_force_from_their_date_on()
    {
        await Fails(Service.Catalog.GetPriceBookAsync(new() { Version = 1 }), StatusCode.NotFound, "version");
        await Fails(Service.Catalog.GetPriceBookAsync(new()), StatusCode.NotFound, "at");
        var publish = new V1.PublishPriceBookRequest
        {
            CommandId = Id(), Currency = "USD",
            Entries = { new V1.PriceEntry { Meter = "llm.tokens", Cost = new() { Nanos = 1, Per = 1 }, Price = new() { Nanos = 2, Per = 1 } } },
        };
        var book = (await Service.Catalog.PublishPriceBookAsync(publish)).Book;
        Assert.That((book.Version, book.MarkupPpm), Is.EqualTo((1, 1_000_000)));
        await Fails(Service.Catalog.GetPriceBookAsync(new()), StatusCode.NotFound, "at");
        Assert.That((await Service.Catalog.GetPriceBookAsync(new() { At = book.EffectiveFrom })).Book, Is.EqualTo(book));
        Assert.That((await Service.Catalog.GetPriceBookAsync(new() { Version = 1 })).Book, Is.EqualTo(book));
        Clock.Shift += TimeSpan.FromSeconds(6);
        Assert.That((await Service.Catalog.GetPriceBookAsync(new())).Book, Is.EqualTo(book));
    }

    [Test]
    public async Task What_one_instance_publishes_another_knows_when_asked()
    {
        await using var other = await Instance.Start(Streams, Clock);
        await Fails(other.Reservations.ReserveAsync(new() { User = "ada", CommandId = Id(), Lines = { Line(1, "late.meter") } }),
            StatusCode.InvalidArgument, "lines[0].meter");
        await Service.Catalog.DeclareMeterAsync(new() { Meter = new() { Name = "late.meter", Unit = "count" } });
        var denied = await other.Reservations.ReserveAsync(new() { User = "ada", CommandId = Id(), Lines = { Line(1, "late.meter") } });
        Assert.That(denied.Denial.Reason, Is.EqualTo(V1.DenialReason.NoPlan));
    }
}
