using Grpc.Core;
using Metering.V1;

namespace Metering.SystemTests;

internal sealed class IdempotencyTests : SystemTest
{
    private static int users;
    private string user = null!;

    [SetUp]
    public async Task NewUser()
    {
        user = $"repeater-{Interlocked.Increment(ref users)}";
        await Host.PublishPlan("repeat", 1_000);
        await Host.Assign(user, "repeat");
    }

    [Test]
    public async Task A_repeated_reserve_gets_the_original_answer_and_appends_nothing()
    {
        var request = Scene.Reserve(user, 400);
        var first = await Host.Reservations.ReserveAsync(request);
        await Host.Reservations.ReserveAsync(Scene.Reserve(user, 1));
        var events = await Host.Events(user);
        var again = await Host.Reservations.ReserveAsync(request);
        Assert.That(again.Repeated && !first.Repeated);
        again.Repeated = false;
        Assert.That(again, Is.EqualTo(first));
        Assert.That(await Host.Events(user), Is.EqualTo(events));
    }

    [Test]
    public async Task A_repeated_commit_gets_the_original_answer_and_appends_nothing()
    {
        var reserved = await Host.Reservations.ReserveAsync(Scene.Reserve(user, 400));
        var request = new CommitRequest
        {
            User = user, CommandId = Scene.NewId(), ReservationId = reserved.Granted.ReservationId, Actual = new Lines { Items = { Scene.Line(80) } },
        };
        var first = await Host.Reservations.CommitAsync(request);
        var events = await Host.Events(user);
        var again = await Host.Reservations.CommitAsync(request);
        Assert.That(again.Repeated && !first.Repeated);
        again.Repeated = false;
        Assert.That(again, Is.EqualTo(first));
        Assert.That(await Host.Events(user), Is.EqualTo(events));
    }

    [Test]
    public async Task A_denial_is_not_remembered_and_a_repeat_is_decided_anew()
    {
        var all = await Host.Reservations.ReserveAsync(Scene.Reserve(user, 1_000));
        var request = Scene.Reserve(user, 10);
        Assert.That((await Host.Reservations.ReserveAsync(request)).Allowed, Is.False);
        await Host.Reservations.ReleaseAsync(new ReleaseRequest { User = user, CommandId = Scene.NewId(), ReservationId = all.Granted.ReservationId });
        Assert.That((await Host.Reservations.ReserveAsync(request)).Allowed, Is.True);
    }

    [Test]
    public async Task The_same_id_with_other_content_is_refused()
    {
        var id = Scene.NewId();
        await Host.Reservations.ReserveAsync(Scene.Reserve(user, 10, id));
        await Refused(Scene.Reserve(user, 11, id), StatusCode.AlreadyExists, "command_id");
    }

    [Test]
    public Task An_id_older_than_the_horizon_is_refused() =>
        Refused(Scene.Reserve(user, 10, Scene.NewId(ago: TimeSpan.FromMinutes(11))), StatusCode.FailedPrecondition, "command_id");

    [Test]
    public Task An_id_from_the_future_is_refused() =>
        Refused(Scene.Reserve(user, 10, Scene.NewId(ago: TimeSpan.FromSeconds(-70))), StatusCode.InvalidArgument, "command_id");

    [Test]
    public async Task Settling_in_another_way_changes_nothing_and_says_what_it_is()
    {
        var reserved = await Host.Reservations.ReserveAsync(Scene.Reserve(user, 10));
        var id = reserved.Granted.ReservationId;
        await Host.Reservations.CommitAsync(new CommitRequest { User = user, CommandId = Scene.NewId(), ReservationId = id });
        var events = await Host.Events(user);
        var error = Assert.ThrowsAsync<RpcException>(async () =>
            await Host.Reservations.ReleaseAsync(new ReleaseRequest { User = user, CommandId = Scene.NewId(), ReservationId = id }));
        Assert.That(error!.StatusCode, Is.EqualTo(StatusCode.FailedPrecondition));
        Assert.That(error.Status.Detail, Does.Contain("committed"));
        Assert.That(await Host.Events(user), Is.EqualTo(events));
    }

    private async Task Refused(ReserveRequest request, StatusCode status, string field)
    {
        var events = await Host.Events(user);
        var error = Assert.ThrowsAsync<RpcException>(async () => await Host.Reservations.ReserveAsync(request));
        Assert.That(error!.StatusCode, Is.EqualTo(status), error.Status.Detail);
        Assert.That(Scene.ErrorOf(error).Field, Is.EqualTo(field));
        Assert.That(await Host.Events(user), Is.EqualTo(events));
    }
}
