using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Metering.Kernel.Streams;
using Metering.Ledger;
using Metering.Ledger.Accounts;
using Metering.Ledger.Catalog;
using Metering.Ledger.Pricing;
using Metering.Ledger.Stored;
using Metering.V1;
using static Metering.Ledger.Tests.Accounts.AccountSamples;
using Bucket = Metering.V1.Bucket;
using CustomLimit = Metering.Ledger.Accounts.CustomLimit;
using GroupKind = Metering.V1.GroupKind;
using Meter = Metering.Ledger.Catalog.Meter;
using Overage = Metering.Ledger.Catalog.Overage;
using Price = Metering.Ledger.Pricing.Price;
using PriceBook = Metering.Ledger.Catalog.PriceBook;
using PriceEntry = Metering.Ledger.Catalog.PriceEntry;
using Tier = Metering.Ledger.Pricing.Tier;
using TierMode = Metering.Ledger.Pricing.TierMode;

namespace Metering.Balances.Tests;

/// <summary>Every charge and every denial says what decided it, over a real connection, from the streams alone.</summary>
internal sealed class ExplainTests : ServiceTest
{
    private static readonly Rate Cheap = Of(2_000, 1) with { Until = May.AddDays(10) };
    private static readonly Rate Dear = Of(3_000, 2, May.AddDays(10));

    [SetUp]
    public async Task PublishTheCatalog() => await Append(
        "catalog",
        Encoded(new MeterDeclared(May, By(1), new Meter("llm.tokens", "tokens"))),
        Encoded(new MeterDeclared(May, By(2), new Meter("image.render", "count"))),
        Encoded(new MeterDeclared(May, By(5), new Meter("llm.free", "tokens"))),
        Encoded(new PriceBookPublished(May, By(3), Book(1, Cheap))),
        Encoded(new PriceBookPublished(May, By(4), Book(2, Dear))));

    [Test]
    public async Task A_charge_step_by_step()
    {
        var ann = Player("ann", PlanOf(Quota(100) with { Overage = Over(40) }, Cap(10_000)));
        var grant = ann.NewId();
        ann.Do(new GrantCredit(grant, Hash(1), "tokens", 50, 0, null, "pay_1"));
        var hold = Reserve(ann, 120);
        ann.After(TimeSpan.FromMinutes(1)).Do(id => new Extend(id, Hash(2), hold, TimeSpan.FromHours(1), [Tokens(50)]));
        ann.After(TimeSpan.FromMinutes(1)).Do(id => new Commit(id, Hash(3), hold, [Tokens(200)]));
        Reserve(ann, 0);
        ann.After(TimeSpan.FromDays(1)).Do(id => new Refund(id, Hash(4), hold, [Back(60)], "provider_error", null, ann.PastOf(hold)));
        Reserve(ann, 0);
        await ann.AppendTo(Streams, Stop);
        var story = await Charge(hold);
        Assert.That((story.State, story.PlanId, story.PlanVersion, story.Period, story.PeriodClosed), Is.EqualTo((ChargeState.Committed, "pro", 1, 1, false)));
        Assert.That(story.Steps.Select(step => step.Kind), Is.EqualTo(new[]
        {
            ChargeStepKind.Reserved, ChargeStepKind.Extended, ChargeStepKind.Committed, ChargeStepKind.Refunded,
        }));
        Assert.That(story.Steps.Select(step => step.Revision), Is.EqualTo(new[] { 2, 3, 4, 7 }));
        Assert.That(story.Lines.Single(), Is.EqualTo(new ChargedLine { Meter = "llm.tokens", Quantity = 200, Overrun = 10, Refunded = 60 }));
        Assert.That(story.Groups[0], Is.EqualTo(new V1.ChargedGroup
        {
            Group = "tokens", Unit = "tokens", Kind = GroupKind.Funding, WindowStart = At(May), WindowEnd = At(June),
            Parts =
            {
                new ChargedPart { Bucket = Bucket.Quota, Taken = 100, Net = 100 },
                new ChargedPart { Bucket = Bucket.Credit, GrantId = grant.ToString(), Taken = 50, Refunded = 20, Net = 30 },
                new ChargedPart { Bucket = Bucket.Overage, Taken = 40, Refunded = 40 },
            },
        }));
        Assert.That(story.Groups[1].Parts.Single(), Is.EqualTo(new ChargedPart { Bucket = Bucket.Quota, Taken = 190, Refunded = 60, Net = 130 }));
        Assert.That(story.Credits.Single(), Is.EqualTo(new V1.GrantUsage
        {
            GrantId = grant.ToString(), Unit = "tokens", Amount = 50, Used = 30, Source = "pay_1",
        }));
        var back = story.Steps[3];
        Assert.That((back.Reason, back.GivenBack.Single().Quantity, back.HasAdjustsPeriod), Is.EqualTo(("provider_error", 60L, false)));
    }

    [Test]
    public async Task What_is_charged_in_money_names_the_price_book_of_the_reservation()
    {
        var ann = Player("ann", PlanOf(Dollars(1_000_000)));
        ann.Now = May.AddDays(10).AddSeconds(-1);
        var hold = ann.NewId();
        ann.Do(new Reserve(hold, Hash(1), [Tokens(100, Cheap, Dear)], TenMinutes, Grace));
        ann.After(TimeSpan.FromSeconds(2)).Do(id => new Commit(id, Hash(2), hold, [Tokens(70, Cheap, Dear)]));
        await ann.AppendTo(Streams, Stop);
        var story = await Charge(hold);
        var rated = new V1.RatedAmount { Group = "money", Book = 1, Price = new() { Nanos = 2_000, Per = 1 }, MarkupPpm = 1_000_000, Amount = 140_000 };
        Assert.That(story.Steps.Single(step => step.Kind == ChargeStepKind.Committed).Lines.Single().Ratings.Single(), Is.EqualTo(rated));
        Assert.That(story.Steps[2].Kind, Is.EqualTo(ChargeStepKind.Unused));
        Assert.That(story.Groups.Single().Parts.Single(), Is.EqualTo(new ChargedPart { Bucket = Bucket.Quota, Taken = 200_000, Unused = 60_000, Net = 140_000 }));
    }

    [Test]
    public async Task A_refund_of_a_closed_period_names_the_period_that_it_adjusts_and_its_worth()
    {
        var tiers = new Overage(long.MaxValue, TierMode.Graduated, [new Tier(10, new Price(5, 1), 0), new Tier(long.MaxValue, new Price(2, 1), 0)]);
        var ann = Player("ann", PlanOf(Quota(100) with { Overage = tiers }));
        var hold = Reserve(ann, 130);
        ann.Do(id => new Commit(id, Hash(3), hold, null));
        ann.Now = June.AddDays(1);
        Reserve(ann, 1);
        ann.Do(id => new Refund(id, Hash(4), hold, [Back(25)], "outage", null, ann.PastOf(hold)));
        await ann.AppendTo(Streams, Stop);
        Time.Now = ann.Now;
        var story = await Charge(hold);
        Assert.That((story.PeriodClosed, story.Steps[^1].AdjustsPeriod), Is.EqualTo((true, 2)));
        // f(30) − f(5) = 90 − 25
        Assert.That(story.Steps[^1].Worth.Single(), Is.EqualTo(new V1.ChargeBack { Group = "tokens", Overage = 25, Nanos = 65, Start = At(May) }));
    }

    [Test]
    public async Task What_returned_to_an_expired_grant_expired_again()
    {
        var ann = Player("ann", PlanOf(Quota(0)));
        var grant = ann.NewId();
        ann.Do(new GrantCredit(grant, Hash(1), "tokens", 50, 0, May.AddDays(1), "pay_1"));
        var hold = Reserve(ann, 50);
        ann.Do(id => new Commit(id, Hash(3), hold, null));
        ann.Now = May.AddDays(2);
        ann.Do(id => new Refund(id, Hash(4), hold, [Back(10)], "outage", null, ann.PastOf(hold)));
        ann.Do(id => new Refund(id, Hash(5), hold, [Back(5)], "outage", May.AddDays(9), ann.PastOf(hold)));
        await ann.AppendTo(Streams, Stop);
        var late = (await Charge(hold)).Steps.Where(step => step.Kind == ChargeStepKind.Refunded).ToArray();
        Assert.That(late[0].Expired.Single(), Is.EqualTo(new V1.Part { Bucket = Bucket.Credit, Amount = 10, GrantId = grant.ToString() }));
        Assert.That((late[1].Expired.Count, late[1].RestoreUntil), Is.EqualTo((0, At(May.AddDays(9)))));
    }

    [Test]
    public async Task Holds_and_tracks_have_stories_too()
    {
        var ann = Player("ann");
        var (open, released, expires, tracked) = (Reserve(ann, 5), Reserve(ann, 6), Reserve(ann, 7), ann.NewId());
        ann.Do(id => new Release(id, Hash(1), released));
        ann.Do(new Track(tracked, Hash(2), [Tokens(8), Images(3)], Enforced: false));
        ann.Do(id => new Extend(id, Hash(3), open, TimeSpan.FromHours(2), []));
        await ann.AppendTo(Streams, Stop);
        Time.Now = ann.Now = Expiry(May);
        Assert.That((await Charge(expires)).State, Is.EqualTo(ChargeState.Expired), "not recorded yet");
        Reserve(ann, 1);
        await ann.AppendTo(Streams, Stop);
        Assert.That((await Charge(expires)).Steps.Select(step => step.Kind), Is.EqualTo(new[] { ChargeStepKind.Reserved, ChargeStepKind.Expired }));
        Assert.That((await Charge(open)).State, Is.EqualTo(ChargeState.Open));
        Assert.That((await Charge(released)).Groups.Single().Parts.Single(), Is.EqualTo(new ChargedPart { Bucket = Bucket.Quota, Taken = 6, Unused = 6 }));
        var usage = await Charge(tracked);
        Assert.That((usage.State, usage.Steps.Single().Unmatched, usage.Lines[1].Overrun), Is.EqualTo((ChargeState.Tracked, true, 3L)));
    }

    [Test]
    public async Task A_denial_with_all_that_every_group_had_to_do_with_it()
    {
        var ann = Player("ann", PlanOf(Quota(500) with { Overage = Over(30) }, Cap(400)));
        ann.Do(id => new GrantCredit(id, Hash(1), "tokens", 40, 5, null, "pay_1"));
        ann.Do(id => new CustomizeLimits(id, Hash(2), [new CustomLimit("tokens", 100)]));
        ann.Do(id => new Track(id, Hash(3), [Tokens(60)], Enforced: true));
        Reserve(ann, 20);
        var denied = (Denied)ann.Do(id => new Reserve(id, Hash(4), [Tokens(91)], TenMinutes, Grace));
        Reserve(ann, 90);
        await ann.AppendTo(Streams, Stop);
        var reply = await Explain(denied, 91);
        Same(reply.Denial, denied);
        Assert.That((reply.Allowed, reply.PlanId, reply.PlanVersion), Is.EqualTo((false, "pro", 1)));
        Assert.That(reply.Lines.Single().Groups, Is.EqualTo(new[] { "tokens", "daily" }));
        Assert.That(reply.Groups, Is.EqualTo(new[]
        {
            new V1.ExplainedGroup
            {
                Group = "tokens", Unit = "tokens", Kind = GroupKind.Funding, WindowStart = At(May), WindowEnd = At(June), Quota = 100, Customized = true,
                Used = 60, Held = 20, Credits = 40, OverageCap = 30, Available = 90, Needed = 91,
            },
            new V1.ExplainedGroup
            {
                Group = "daily", Unit = "tokens", Kind = GroupKind.Cap, WindowStart = At(May), WindowEnd = At(May.AddDays(1)), Quota = 400, Used = 60,
                Held = 20, OverageCap = 0, Available = 320, Needed = 91, Fits = true,
            },
        }));
    }

    [Test]
    public async Task The_prices_are_those_of_then()
    {
        var ann = Player("ann", PlanOf(Dollars(1_000_000)));
        ann.Now = May.AddDays(9);
        var cheap = (Denied)ann.Do(id => new Reserve(id, Hash(1), [Tokens(501, Cheap, Dear)], TenMinutes, Grace));
        ann.Now = Time.Now = May.AddDays(10);
        var dear = (Denied)ann.Do(id => new Reserve(id, Hash(1), [Tokens(501, Cheap, Dear)], TenMinutes, Grace));
        await ann.AppendTo(Streams, Stop);
        Assert.That((cheap.Needed, dear.Needed), Is.EqualTo((1_002_000L, 1_503_000L)));
        Same((await Explain(cheap, 501)).Denial, cheap);
        var reply = await Explain(dear, 501);
        Same(reply.Denial, dear);
        Assert.That(reply.Lines.Single().Line.Ratings.Single().Book, Is.EqualTo(2));
    }

    [Test]
    public async Task Without_a_plan_suspended_unmatched_unpriced()
    {
        var ann = new Player("ann");
        var noPlan = (Denied)ann.Do(id => new Reserve(id, Hash(1), [Tokens(1)], TenMinutes, Grace));
        Same((await Explain(noPlan, 1)).Denial, noPlan);
        ann.Do(id => new AssignPlan(id, Hash(2), PlanOf(Dollars(5), Cap(10)), Ledger.Accounts.PlanChange.NextPeriod, null));
        var unpriced = (Denied)ann.Do(id => new Reserve(id, Hash(3), [Tokens(1) with { Meter = "llm.free" }], TenMinutes, Grace));
        var unmatched = (Denied)ann.Do(id => new Reserve(id, Hash(4), [Images(1)], TenMinutes, Grace));
        ann.Do(id => new Suspend(id, Hash(5), "unpaid"));
        var suspended = (Denied)ann.Do(id => new Reserve(id, Hash(6), [Tokens(1)], TenMinutes, Grace));
        await ann.AppendTo(Streams, Stop);
        var reply = await Explain(unpriced, new V1.Line { Meter = "llm.free", Quantity = 1 });
        Same(reply.Denial, unpriced);
        Assert.That((reply.Lines.Single().Unpriced, reply.Groups.Count), Is.EqualTo((true, 0)));
        reply = await Explain(unmatched, new V1.Line { Meter = "image.render", Quantity = 1 });
        Same(reply.Denial, unmatched);
        Assert.That(reply.Lines.Single().Groups, Is.Empty);
        reply = await Explain(suspended, 1);
        Same(reply.Denial, suspended);
        Assert.That(reply.Groups.Select(group => group.Fits), Is.EqualTo(new[] { false, true }), "2,000 nanos of 5");
    }

    [Test]
    public async Task A_denied_extension_is_judged_in_the_windows_of_its_hold()
    {
        var ann = Player("ann", PlanOf(Quota(500), Cap(100)));
        ann.Now = May.AddDays(1).AddMinutes(-1);
        var hold = Reserve(ann, 90);
        ann.Now = Time.Now = May.AddDays(1).AddMinutes(1);
        var denied = (Denied)ann.Do(id => new Extend(id, Hash(1), hold, null, [Tokens(11)]));
        await ann.AppendTo(Streams, Stop);
        var request = Ask(denied, new V1.Line { Meter = "llm.tokens", Quantity = 11 });
        Assert.That((await Client.ExplainDenialAsync(request)).Allowed, Is.True, "a new reservation would count today");
        request.ReservationId = hold.ToString();
        var reply = await Client.ExplainDenialAsync(request);
        Same(reply.Denial, denied);
        Assert.That(reply.Groups[1].WindowStart, Is.EqualTo(At(May)));
    }

    [Test]
    public async Task What_is_carved_from_a_run_is_judged_by_what_the_run_has_left()
    {
        var ann = Player("ann", PlanOf(Quota(500), Cap(400)));
        var run = Reserve(ann, 100);
        ann.Do(id => new Reserve(id, Hash(1), [Tokens(60)], TenMinutes, Grace, run));
        var denied = (Denied)ann.Do(id => new Reserve(id, Hash(2), [Tokens(41)], TenMinutes, Grace, run));
        await ann.AppendTo(Streams, Stop);
        var request = Ask(denied, new V1.Line { Meter = "llm.tokens", Quantity = 41 });
        Assert.That((await Client.ExplainDenialAsync(request)).Allowed, Is.True, "there is room beside the run");
        request.ParentId = run.ToString();
        var reply = await Client.ExplainDenialAsync(request);
        Same(reply.Denial, denied);
        Assert.That(reply.Denial.Reason, Is.EqualTo(V1.DenialReason.RunBudget));
        Assert.That(reply.Groups.Select(group => (group.Available, group.Fits)), Is.EqualTo(new[] { (40L, false), (40L, false) }));
        request.ParentId = ann.NewId().ToString();
        Assert.That(await Refused(Client.ExplainDenialAsync(request)), Is.EqualTo((StatusCode.NotFound, "parent_id")));
    }

    [Test]
    public async Task Every_denial_is_explained_as_it_was([Range(1, 12)] int seed)
    {
        var random = new Random(seed);
        var ann = Player("ann", PlanOf(Quota(300) with { Overage = Over(50), RolloverMax = 100 }, Cap(120)));
        var denials = new List<(Denied Denied, long Quantity)>();
        for (var i = 0; i < 120; i++)
        {
            ann.Now += TimeSpan.FromMinutes(random.Next(0, random.Next(4) == 0 ? 3_000 : 20));
            var quantity = random.Next(1, 150);
            if (Something(ann, random, quantity) is Denied denied) denials.Add((denied, quantity));
        }
        await ann.AppendTo(Streams, Stop);
        Time.Now = ann.Now;
        foreach (var (denied, quantity) in denials)
        {
            var reply = await Explain(denied, quantity);
            Same(reply.Denial, denied);
            Assert.That(reply.Groups.First(group => !group.Fits).Group, Is.EqualTo(denied.Group));
        }
        Assert.That(denials, Is.Not.Empty);
    }

    [Test]
    public async Task What_is_not_there_or_wrong_is_named()
    {
        await Player("ann").AppendTo(Streams, Stop);
        var id = Ledger.Tests.Accounts.AccountSamples.IdAt(May, 9).ToString();
        V1.Line line = new() { Meter = "llm.tokens", Quantity = 1 };
        async Task Is(StatusCode code, string field, Action<ExplainDenialRequest> change)
        {
            var request = new ExplainDenialRequest { User = "ann", Revision = 0, At = At(May), Lines = { line } };
            change(request);
            Assert.That(await Refused(Client.ExplainDenialAsync(request)), NUnit.Framework.Is.EqualTo((code, field)));
        }
        Assert.That(await Refused(Client.ExplainChargeAsync(new() { User = "ann", ReservationId = id })), NUnit.Framework.Is.EqualTo((StatusCode.NotFound, "reservation_id")));
        Assert.That(await Refused(Client.ExplainChargeAsync(new() { User = "ann", ReservationId = "x" })), NUnit.Framework.Is.EqualTo((StatusCode.InvalidArgument, "reservation_id")));
        await Is(StatusCode.NotFound, "revision", request => request.Revision = 1);
        await Is(StatusCode.InvalidArgument, "revision", request => request.Revision = -2);
        await Is(StatusCode.InvalidArgument, "at", request => request.At = At(May.AddTicks(-1)));
        await Is(StatusCode.InvalidArgument, "at", request => request.At = At(May.AddDays(1)));
        await Is(StatusCode.InvalidArgument, "lines", request => request.Lines.Clear());
        await Is(StatusCode.InvalidArgument, "lines[0].quantity", request => request.Lines[0] = new() { Meter = "llm.tokens" });
        await Is(StatusCode.InvalidArgument, "lines[0].meter", request => request.Lines[0] = new() { Meter = "x", Quantity = 1 });
        await Is(StatusCode.NotFound, "reservation_id", request => request.ReservationId = id);
    }

    private static Answer Something(Player player, Random random, long quantity)
    {
        var holds = player.State.Holds.Keys.Order().ToArray();
        return random.Next(8) switch
        {
            0 when holds.Length > 0 => player.Do(id => new Release(id, Hash(1), holds[random.Next(holds.Length)])),
            1 or 2 when holds.Length > 0 => player.Do(id => new Commit(id, Hash(1), holds[random.Next(holds.Length)], [Tokens(quantity)])),
            3 => player.Do(id => new GrantCredit(id, Hash(1), "tokens", quantity, 0, player.Now.AddDays(random.Next(1, 9)), $"{id}")),
            4 => player.Do(id => new CustomizeLimits(id, Hash(1), [new CustomLimit("tokens", random.Next(2) == 0 ? null : quantity)])),
            5 => player.Do(id => new Track(id, Hash(1), [Tokens(quantity)], Enforced: true)),
            6 => player.Do(new Ledger.Accounts.Check([Tokens(quantity)])),
            _ => player.Do(id => new Reserve(id, Hash(1), [Tokens(quantity)], TenMinutes, Grace)),
        };
    }

    private static void Same(Denial explained, Denied denied) => Assert.That(explained, Is.EqualTo(Expected(denied)));

    private static Denial Expected(Denied denied)
    {
        var expected = new Denial
        {
            Reason = (V1.DenialReason)(denied.Reason + 1), Needed = denied.Needed, Quota = denied.Quota, Used = denied.Used, Held = denied.Held,
            Remaining = denied.Remaining, ResetsAt = denied.ResetsAt is { } at ? At(at) : null, At = At(denied.At), Revision = denied.Revision,
        };
        if (denied.Group is { } group) expected.Group = group;
        if (denied.Meter is { } meter) expected.Meter = meter;
        return expected;
    }

    private async Task<ExplainChargeReply> Charge(Guid reservation) =>
        await Client.ExplainChargeAsync(new() { User = "ann", ReservationId = reservation.ToString() });

    private Task<ExplainDenialReply> Explain(Denied denied, long quantity) => Explain(denied, new V1.Line { Meter = "llm.tokens", Quantity = quantity });

    private async Task<ExplainDenialReply> Explain(Denied denied, V1.Line line) => await Client.ExplainDenialAsync(Ask(denied, line));

    private static ExplainDenialRequest Ask(Denied denied, V1.Line line) =>
        new() { User = "ann", Revision = denied.Revision, At = At(denied.At), Lines = { line } };

    private static Rate Of(long nanos, int book, DateTimeOffset? from = null) => Ledger.Tests.Accounts.AccountSamples.Price(nanos, 1, book, from);

    private static PriceBook Book(int version, Rate rate) => new(
        version, rate.From, "USD", rate.MarkupPpm, [new PriceEntry("llm.tokens", Attributes.None, rate.Price, rate.Price)]);

    private static (string, byte[]) Encoded(CatalogEvent happened) => CatalogEvents.Encode(happened);

    private async Task Append(string stream, params (string Type, byte[] Data)[] events) => await Streams.Append(
        stream, Revisions.None, [.. events.Select((one, i) => new NewEvent(Number(i), one.Type, one.Data, "{}"u8.ToArray()))], Stop);

    private static Timestamp At(DateTimeOffset at) => Timestamp.FromDateTimeOffset(at);
}
