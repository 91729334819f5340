using Grpc.Core;
using Metering.V1;

namespace Metering.SystemTests;

internal sealed class BadInputTests : SystemTest
{
    private const string User = "careless";

    [OneTimeSetUp]
    public async Task Prepare()
    {
        await Host.PublishPlan("plain", 1_000);
        await Host.Assign(User, "plain");
    }

    private static IEnumerable<TestCaseData> Reserves()
    {
        yield return Case("an empty user", "user", r => r.User = "");
        yield return Case("a user with a space", "user", r => r.User = "some one");
        yield return Case("a user of 129 characters", "user", r => r.User = new string('u', 129));
        yield return Case("no id", "command_id", r => r.CommandId = "");
        yield return Case("a malformed id", "command_id", r => r.CommandId = "not-an-id");
        yield return Case("an id of version 4", "command_id", r => r.CommandId = "5f0c1c7e-6a3e-4d53-9b53-5b0f1a2c3d4e");
        yield return Case("no lines", "lines", r => r.Lines.Clear());
        yield return Case("a negative quantity", "lines[0].quantity", r => r.Lines[0].Quantity = -1);
        yield return Case("a quantity of nothing", "lines[0].quantity", r => r.Lines[0].Quantity = 0);
        yield return Case("an undeclared meter", "lines[0].meter", r => r.Lines[0].Meter = "llm.unheard_of");
        yield return Case("an empty meter", "lines[0].meter", r => r.Lines[0].Meter = "");
        yield return Case("more than 10^15 of a line", "lines[1].quantity", r =>
            r.Lines.Add(new Line { Meter = Scene.Meter, Quantity = 1_000_000_000_000_001, Attributes = { ["model"] = "other" } }));
        yield return Case("a time to live of a second less than nothing", "time_to_live", r => r.TimeToLive = new() { Seconds = -1 });
        yield return Case("a time to live of 25 hours", "time_to_live", r => r.TimeToLive = new() { Seconds = 25 * 3600 });
    }

    [TestCaseSource(nameof(Reserves))]
    public async Task Is_refused_with_the_field_named_and_nothing_appended(ReserveRequest request, string field)
    {
        var events = await Host.Events(User);
        var error = Assert.ThrowsAsync<RpcException>(async () => await Host.Reservations.ReserveAsync(request));
        Assert.That(error!.StatusCode, Is.EqualTo(StatusCode.InvalidArgument), error.Status.Detail);
        Assert.That(Scene.ErrorOf(error).Field, Is.EqualTo(field), error.Status.Detail);
        Assert.That(error.Status.Detail, Does.Contain(field));
        Assert.That(await Host.Events(User), Is.EqualTo(events));
    }

    [Test]
    public void An_unknown_plan_is_not_found()
    {
        var error = Assert.ThrowsAsync<RpcException>(() => Host.Assign("nobody", "no-such-plan"));
        Assert.That(error!.StatusCode, Is.EqualTo(StatusCode.NotFound));
        Assert.That(Scene.ErrorOf(error).Field, Is.EqualTo("plan_id"));
        Assert.That(Host.Events("nobody").Result, Is.Zero);
    }

    [Test]
    public async Task An_unknown_reservation_is_not_found()
    {
        var events = await Host.Events(User);
        var error = Assert.ThrowsAsync<RpcException>(async () =>
            await Host.Reservations.CommitAsync(new CommitRequest { User = User, CommandId = Scene.NewId(), ReservationId = Scene.NewId() }));
        Assert.That(error!.StatusCode, Is.EqualTo(StatusCode.NotFound));
        Assert.That(Scene.ErrorOf(error).Field, Is.EqualTo("reservation_id"));
        Assert.That(await Host.Events(User), Is.EqualTo(events));
    }

    [Test]
    public async Task A_message_of_5_MB_is_refused_whole()
    {
        var events = await Host.Events(User);
        var request = Scene.Reserve(User, 1);
        request.Lines[0].Attributes.Add("model", new string('m', 5 * 1024 * 1024));
        var error = Assert.ThrowsAsync<RpcException>(async () => await Host.Reservations.ReserveAsync(request));
        Assert.That(error!.StatusCode, Is.EqualTo(StatusCode.ResourceExhausted));
        Assert.That(await Host.Events(User), Is.EqualTo(events));
    }

    private static TestCaseData Case(string name, string field, Action<ReserveRequest> spoil)
    {
        var request = Scene.Reserve(User, 10);
        spoil(request);
        return new TestCaseData(request, field).SetName($"{{m}}: {name}");
    }
}
