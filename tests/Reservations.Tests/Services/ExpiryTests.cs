using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace Metering.Reservations.Tests.Services;

/// <summary>What hours and months do to holds and periods. Alone: its clock runs ahead.</summary>
public sealed class ExpiryTests : ServiceTest
{
    [Test, Order(1)]
    public async Task A_hold_counts_until_its_grace_is_over()
    {
        var user = await NewUser();
        var (first, second) = (await Hold(user), await Hold(user));
        Clock.Shift += TimeSpan.FromMinutes(10) + TimeSpan.FromSeconds(20);
        Assert.That((await Service.Reservations.CommitAsync(Commit(user, first, 50))).Charged, Is.Not.Empty, "past the deadline, within the grace");
        Clock.Shift += TimeSpan.FromSeconds(20);
        await Fails(Service.Reservations.CommitAsync(Commit(user, second, 50)), StatusCode.FailedPrecondition, "reservation_id");
        Assert.That(await Tokens(user), Has.Property("Used").EqualTo(50).And.Property("Held").EqualTo(0));
    }

    [Test, Order(2)]
    public async Task Usage_is_refunded_months_later()
    {
        var user = await NewUser();
        var reservation = await Hold(user);
        await Service.Reservations.CommitAsync(Commit(user, reservation, 80));
        Clock.Shift += TimeSpan.FromDays(70);
        var refunded = await Service.Reservations.RefundAsync(new() { User = user, CommandId = Id(), ReservationId = reservation, Reason = "late" });
        Assert.That(refunded.Lines.Single().Quantity, Is.EqualTo(80));
        Assert.That(refunded.HasAdjustsPeriod, Is.True);
        Assert.That((await Tokens(user)).Used, Is.Zero);
    }

    [Test, Order(3)]
    public async Task Periods_close_once()
    {
        var user = await NewUser();
        await Service.Reservations.CommitAsync(Commit(user, await Hold(user), 80));
        await Fails(Service.Accounts.ClosePeriodAsync(new() { User = user, Period = 1 }), StatusCode.FailedPrecondition, "period");
        await Fails(Service.Accounts.ClosePeriodAsync(new() { User = user, Period = 9 }), StatusCode.NotFound, "period");
        Clock.Shift += TimeSpan.FromDays(32);
        var closed = await Service.Accounts.ClosePeriodAsync(new() { User = user, Period = 1 });
        Assert.That(closed.Meters.Single(), Is.EqualTo(new V1.MeterTotal { Meter = "llm.tokens", Quantity = 80 }));
        closed.Repeated = true;
        Assert.That(await Service.Accounts.ClosePeriodAsync(new() { User = user, Period = 1 }), Is.EqualTo(closed));
    }

    [Test, Order(5)]
    public async Task Late_usage_counts_and_is_priced_when_it_happened()
    {
        await Book(2);
        Clock.Shift += TimeSpan.FromSeconds(10);
        await Service.Catalog.PublishPlanAsync(new() { CommandId = Id(), Plan = Plan("money", Money(1_000)) });
        var user = await NewUser("money");
        var then = Clock.GetUtcNow();
        await Book(3);
        Clock.Shift += TimeSpan.FromMinutes(1);
        var late = await Service.Reservations.TrackAsync(Late(user, then));
        Assert.That(Rating(late), Is.EqualTo((1, 20)));
        Assert.That(late.Tracked.OccurredAt.ToDateTimeOffset(), Is.EqualTo(then));
        Assert.That(Rating(await Service.Reservations.TrackAsync(Late(user, Clock.GetUtcNow()))), Is.EqualTo((2, 30)));
        var early = Late(user, Clock.GetUtcNow().AddMinutes(1));
        await Fails(Service.Reservations.TrackAsync(early), StatusCode.InvalidArgument, "occurred_at");
        var enforced = new V1.TrackRequest(Late(user, then)) { Mode = V1.TrackMode.Enforced };
        await Fails(Service.Reservations.TrackAsync(enforced), StatusCode.InvalidArgument, "occurred_at");
        Clock.Shift += TimeSpan.FromDays(40);
        var closed = await Service.Reservations.TrackAsync(Late(user, then));
        Assert.That(Rating(closed), Is.EqualTo((2, 30)), "its period was closed: it counts now");
        Assert.That(closed.Tracked.Period, Is.GreaterThan(late.Tracked.Period));
    }

    [Test, Order(4)]
    public async Task A_plan_ends_with_its_period()
    {
        var user = await NewUser();
        var end = new V1.EndPlanRequest { User = user, CommandId = Id() };
        var ended = await Service.Accounts.EndPlanAsync(end);
        Assert.That((ended.Assignment, ended.Ended.Number), Is.EqualTo((1, 1)));
        ended.Repeated = true;
        Assert.That(await Service.Accounts.EndPlanAsync(end), Is.EqualTo(ended));
        Assert.That((await Service.Reservations.ReserveAsync(Reserve(user, 1))).Denial.Reason, Is.EqualTo(V1.DenialReason.NoPlan));
    }

    [Test, Order(6)]
    public async Task Tiered_overage_that_is_refunded_after_the_close_adjusts_the_charge_by_its_worth()
    {
        var tiered = new V1.Overage { Mode = V1.TierMode.Graduated, Tiers = { new V1.Tier { UpTo = 10, Price = Price(5) }, new V1.Tier { Price = Price(2) } } };
        await Service.Catalog.PublishPlanAsync(new() { CommandId = Id(), Plan = Plan("tiered", new V1.LimitGroup(Funding(100)) { Overage = tiered }) });
        var user = await NewUser("tiered");
        var (first, second) = (await Hold(user, 120), await Hold(user, 10));
        await Service.Reservations.CommitAsync(Commit(user, first, 120));
        await Service.Reservations.CommitAsync(Commit(user, second, 10));
        Clock.Shift += TimeSpan.FromDays(32);
        // the one that closes the period itself, and those that find it closed: f(30) − f(20) − f(15) = 90 − 70 − 60
        Assert.That(await Worth(user, second, 10), Is.EqualTo(20));
        Assert.That(await Worth(user, first, 5), Is.EqualTo(10));
        Clock.Shift += TimeSpan.FromDays(32);
        var closed = await Service.Accounts.ClosePeriodAsync(new() { User = user, Period = 2 });
        Assert.That(closed.Groups.Single(), Has.Property("AdjustedOverage").EqualTo(-15).And.Property("AdjustedCharge").EqualTo(-30));
        Assert.That(await Worth(user, first, 15), Is.EqualTo(60), "two periods later");
    }

    private async Task<long> Worth(string user, string reservation, long quantity)
    {
        var refunded = await Service.Reservations.RefundAsync(new()
        {
            User = user, CommandId = Id(), ReservationId = reservation, Reason = "outage", Lines = new() { Items = { Line(quantity) } },
        });
        Assert.That(refunded.HasAdjustsPeriod, Is.True);
        return refunded.Worth.Single().Nanos;
    }

    private async Task<string> Hold(string user, long quantity) =>
        (await Service.Reservations.ReserveAsync(Reserve(user, quantity))).Granted.ReservationId;

    private async Task<string> Hold(string user) => (await Service.Reservations.ReserveAsync(Reserve(user, 100))).Granted.ReservationId;

    private async Task Book(long nanos) => await Service.Catalog.PublishPriceBookAsync(new()
    {
        CommandId = Id(), Currency = "USD", Entries = { new V1.PriceEntry { Meter = "llm.tokens", Cost = Price(1), Price = Price(nanos) } },
    });

    private static V1.Price Price(long nanos) => new() { Nanos = nanos, Per = 1 };

    private static V1.LimitGroup Money(long quota) => new(Funding(quota)) { Label = "budget", Unit = "USD" };

    private V1.TrackRequest Late(string user, DateTimeOffset at) => new()
    {
        User = user, CommandId = Id(), Lines = { Line(10) }, Mode = V1.TrackMode.PostPaid, OccurredAt = at.ToTimestamp(),
    };

    private static (int Book, long Amount) Rating(V1.TrackReply reply)
    {
        var rating = reply.Tracked.Lines.Single().Ratings.Single();
        return (rating.Book, rating.Amount);
    }
}
