using Grpc.Core;

namespace Metering.Reservations.Tests.Services;

public sealed class ReservationsServiceTests : ServiceTest
{
    [Test]
    public async Task Twenty_reservations_of_75_against_500_grant_exactly_6()
    {
        await Service.Catalog.PublishPlanAsync(new() { CommandId = Id(), Plan = Plan("plain", Funding(500)) });
        var user = await NewUser("plain");
        var replies = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => Service.Reservations.ReserveAsync(Reserve(user, 75)).ResponseAsync));
        Assert.That(replies.Count(reply => reply.Allowed), Is.EqualTo(6));
        Assert.That(replies.Where(reply => !reply.Allowed).Select(reply => reply.Denial.Remaining), Is.All.EqualTo(50));
        Assert.That(await Tokens(user), Has.Property("Held").EqualTo(450).And.Property("Available").EqualTo(50));
    }

    [Test]
    public async Task A_commit_of_less_gives_the_rest_back()
    {
        var user = await NewUser();
        var granted = (await Service.Reservations.ReserveAsync(Reserve(user, 100))).Granted;
        var committed = await Service.Reservations.CommitAsync(Commit(user, granted.ReservationId, 30));
        Assert.That(committed.Lines.Single().Quantity, Is.EqualTo(30));
        Assert.That(committed.Charged.Select(draw => draw.Amount), Is.All.EqualTo(100));
        Assert.That(committed.Unused.Select(draw => draw.Amount), Is.All.EqualTo(70));
        Assert.That(await Tokens(user), Has.Property("Used").EqualTo(30).And.Property("Held").EqualTo(0));
        Assert.That(committed.Revision, Is.EqualTo(granted.Revision + 2), "Committed and Refunded");
    }

    [Test]
    public async Task A_denial_is_an_answer_that_says_why()
    {
        var user = await NewUser();
        var denial = (await Service.Reservations.ReserveAsync(Reserve(user, 401))).Denial;
        Assert.That((denial.Reason, denial.Group, denial.Needed, denial.Quota, denial.Remaining), Is.EqualTo((V1.DenialReason.CapReached, "daily", 401, 400, 400)));
        Assert.That(denial.ResetsAt, Is.Not.Null);
        var stranger = await Service.Reservations.ReserveAsync(Reserve("stranger", 1));
        Assert.That((stranger.Denial.Reason, stranger.Denial.Revision), Is.EqualTo((V1.DenialReason.NoPlan, -1)));
        var unmatched = await Service.Reservations.CheckAsync(new() { User = user, Lines = { Line(1, "image.render") } });
        Assert.That((unmatched.Denial.Reason, unmatched.Denial.Meter), Is.EqualTo((V1.DenialReason.Unmatched, "image.render")));
    }

    [Test]
    public async Task Every_command_sent_again_is_answered_as_at_first()
    {
        var user = await NewUser();
        var reserve = Reserve(user, 100);
        var reserved = await Service.Reservations.ReserveAsync(reserve);
        var extend = new V1.ExtendRequest { User = user, CommandId = Id(), ReservationId = reserve.CommandId, Add = { Line(20) } };
        var extended = await Service.Reservations.ExtendAsync(extend);
        var commit = Commit(user, reserve.CommandId, 30);
        var committed = await Service.Reservations.CommitAsync(commit);
        var refund = new V1.RefundRequest { User = user, CommandId = Id(), ReservationId = reserve.CommandId, Reason = "bad answer" };
        var refunded = await Service.Reservations.RefundAsync(refund);
        var track = new V1.TrackRequest { User = user, CommandId = Id(), Lines = { Line(5) } };
        var tracked = await Service.Reservations.TrackAsync(track);
        var released = await Service.Reservations.ReserveAsync(Reserve(user, 1));
        var release = new V1.ReleaseRequest { User = user, CommandId = Id(), ReservationId = released.Granted.ReservationId };
        var given = await Service.Reservations.ReleaseAsync(release);

        (reserved.Repeated, extended.Repeated, committed.Repeated, refunded.Repeated, tracked.Repeated, given.Repeated) = (true, true, true, true, true, true);
        Assert.That(await Service.Reservations.ReserveAsync(reserve), Is.EqualTo(reserved));
        Assert.That(await Service.Reservations.ExtendAsync(extend), Is.EqualTo(extended));
        Assert.That(await Service.Reservations.CommitAsync(commit), Is.EqualTo(committed));
        Assert.That(await Service.Reservations.RefundAsync(refund), Is.EqualTo(refunded));
        Assert.That(await Service.Reservations.TrackAsync(track), Is.EqualTo(tracked));
        Assert.That(await Service.Reservations.ReleaseAsync(release), Is.EqualTo(given));
        Assert.That((await Tokens(user)).Used, Is.EqualTo(5));
    }

    [Test]
    public async Task An_id_with_other_content_exists_already()
    {
        var user = await NewUser();
        var reserve = Reserve(user, 100);
        await Service.Reservations.ReserveAsync(reserve);
        reserve.Lines[0].Quantity = 101;
        await Fails(Service.Reservations.ReserveAsync(reserve), StatusCode.AlreadyExists, "command_id");
    }

    [Test]
    public async Task An_id_that_is_too_old_is_not_executed()
    {
        var user = await NewUser();
        var reserve = Reserve(user, 1);
        reserve.CommandId = Guid.CreateVersion7(Clock.GetUtcNow().AddMinutes(-11)).ToString();
        await Fails(Service.Reservations.ReserveAsync(reserve), StatusCode.FailedPrecondition, "command_id");
    }

    [Test]
    public async Task A_settled_reservation_stays_as_it_is()
    {
        var user = await NewUser();
        var granted = (await Service.Reservations.ReserveAsync(Reserve(user, 100))).Granted;
        await Service.Reservations.CommitAsync(Commit(user, granted.ReservationId, 30));
        await Fails(Service.Reservations.CommitAsync(Commit(user, granted.ReservationId, 40)), StatusCode.FailedPrecondition, "reservation_id");
        await Fails(Service.Reservations.ReleaseAsync(new() { User = user, CommandId = Id(), ReservationId = granted.ReservationId }),
            StatusCode.FailedPrecondition, "reservation_id");
        await Fails(Service.Reservations.CommitAsync(Commit(user, Id(), 1)), StatusCode.NotFound, "reservation_id");
    }

    [Test]
    public async Task Committed_usage_is_refunded_but_never_more_than_is_left()
    {
        var user = await NewUser();
        var granted = (await Service.Reservations.ReserveAsync(Reserve(user, 100))).Granted;
        await Service.Reservations.CommitAsync(Commit(user, granted.ReservationId, 90));
        var back = await Service.Reservations.RefundAsync(Refund(60));
        Assert.That(back.Draws.Select(draw => draw.Amount), Is.All.EqualTo(60));
        Assert.That((await Tokens(user)).Used, Is.EqualTo(30));
        Assert.That(async () => await Service.Reservations.RefundAsync(Refund(31)), Throws.TypeOf<RpcException>());
        var rest = await Service.Reservations.RefundAsync(new() { User = user, CommandId = Id(), ReservationId = granted.ReservationId, Reason = "all" });
        Assert.That(rest.Lines.Single().Quantity, Is.EqualTo(30));

        V1.RefundRequest Refund(long quantity) => new()
        {
            User = user, CommandId = Id(), ReservationId = granted.ReservationId, Reason = "provider_error", Lines = new() { Items = { Line(quantity) } },
        };
    }

    [TestCase("", 1, "", "user")]
    [TestCase("ada", 0, "", "lines[0].quantity")]
    [TestCase("ada", 1, "llm.other", "lines[0].meter")]
    public async Task Malformed_input_is_an_error_that_names_the_field(string user, long quantity, string meter, string field)
    {
        var request = Reserve(user, quantity);
        if (meter.Length > 0) request.Lines[0].Meter = meter;
        await Fails(Service.Reservations.ReserveAsync(request), StatusCode.InvalidArgument, field);
    }

    [Test]
    public async Task Without_the_store_it_is_unavailable()
    {
        var user = await NewUser();
        Streams.IsAway = true;
        await Fails(Service.Reservations.ReserveAsync(Reserve(user, 1)), StatusCode.Unavailable);
    }

    [Test]
    public async Task A_watcher_sees_the_balance_at_once_and_every_change_after()
    {
        var user = await NewUser();
        using var watch = Service.Reservations.WatchUsage(new() { User = user });
        Assert.That((await Next(watch)).Held, Is.Zero);
        var granted = (await Service.Reservations.ReserveAsync(Reserve(user, 100))).Granted;
        Assert.That((await Next(watch)).Held, Is.EqualTo(100));
        await Service.Reservations.CommitAsync(Commit(user, granted.ReservationId, 30));
        Assert.That(await Next(watch), Has.Property("Held").EqualTo(0).And.Property("Used").EqualTo(30));
    }

    [Test]
    public async Task A_watcher_of_nobody_sees_an_empty_balance()
    {
        using var watch = Service.Reservations.WatchUsage(new() { User = "nobody" });
        Assert.That(await watch.ResponseStream.MoveNext(CancellationToken.None), Is.True);
        Assert.That(watch.ResponseStream.Current.Usage, Has.Property("Revision").EqualTo(-1).And.Property("PlanId").EqualTo(""));
    }

    private static async Task<V1.GroupUsage> Next(AsyncServerStreamingCall<V1.WatchUsageReply> watch)
    {
        Assert.That(await watch.ResponseStream.MoveNext(CancellationToken.None), Is.True);
        return watch.ResponseStream.Current.Usage.Groups.Single(group => group.Group == "tokens");
    }
}
