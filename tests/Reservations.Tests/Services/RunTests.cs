using Grpc.Core;
using Metering.Client;

namespace Metering.Reservations.Tests.Services;

/// <summary>Runs over the wire: one budget, many calls.</summary>
public sealed class RunTests : ServiceTest
{
    [Test]
    public async Task An_agent_run_of_20_tool_calls_and_50_model_calls_has_one_budget_and_releasing_it_gives_back_all_that_is_left()
    {
        var user = await NewAgent();
        var metering = new MeteringClient(Service.Reservations, Clock);
        await using (var run = await metering.Reserve(user, [V1.Line.Of("llm.tokens", 50_000), V1.Line.Of("tool.call", 20)]))
        {
            await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => Call(run, "tool.call", 1, 1)).Concat(
                Enumerable.Range(0, 50).Select(_ => Call(run, "llm.tokens", 1_000, 700))));
            Assert.That(await Tokens(user), Has.Property("Used").EqualTo(35_000).And.Property("Held").EqualTo(15_000));

            var denied = await run.Reserve([V1.Line.Of("llm.tokens", 15_001)]);
            Assert.That((denied.Denial!.Reason, denied.Denial.Group, denied.Denial.Needed, denied.Denial.Remaining, denied.Denial.ResetsAt),
                Is.EqualTo((V1.DenialReason.RunBudget, "tokens", 15_001, 15_000, null as Google.Protobuf.WellKnownTypes.Timestamp)));
        }
        Assert.That(await Tokens(user), Has.Property("Used").EqualTo(35_000).And.Property("Held").EqualTo(0)
            .And.Property("Available").EqualTo(65_000));
    }

    [Test]
    public async Task Replies_say_what_came_from_the_run_and_what_went_back_to_it()
    {
        var user = await NewUser();
        var run = (await Service.Reservations.ReserveAsync(Reserve(user, 300))).Granted;
        var first = (await Service.Reservations.ReserveAsync(Child(user, 100, run))).Granted;
        Assert.That((run.HasParentId, first.ParentId), Is.EqualTo((false, run.ReservationId)));
        var less = await Service.Reservations.CommitAsync(Commit(user, first.ReservationId, 30));
        Assert.That((less.ToParentId, less.Unused.First().Amount, less.FromParent.Count), Is.EqualTo((run.ReservationId, 70, 0)));

        var second = (await Service.Reservations.ReserveAsync(Child(user, 100, run))).Granted;
        var more = await Service.Reservations.CommitAsync(Commit(user, second.ReservationId, 120));
        Assert.That((more.HasToParentId, more.FromParent.Select(draw => draw.Amount)), Is.EqualTo((false, new long[] { 20, 20 })));

        var third = (await Service.Reservations.ReserveAsync(Child(user, 50, run))).Granted;
        var released = await Service.Reservations.ReleaseAsync(Release(user, third));
        Assert.That((released.ToParentId, released.Draws.First().Amount), Is.EqualTo((run.ReservationId, 50)));
        var rest = await Service.Reservations.ReleaseAsync(Release(user, run));
        Assert.That((rest.HasToParentId, rest.Draws.First().Amount), Is.EqualTo((false, 150)));
    }

    [Test]
    public async Task A_child_sent_again_is_answered_as_at_first_and_another_parent_is_another_command()
    {
        var user = await NewUser();
        var run = (await Service.Reservations.ReserveAsync(Reserve(user, 100))).Granted;
        var other = (await Service.Reservations.ReserveAsync(Reserve(user, 100))).Granted;
        var child = Child(user, 60, run);
        var reply = await Service.Reservations.ReserveAsync(child);
        reply.Repeated = true;
        Assert.That(await Service.Reservations.ReserveAsync(child), Is.EqualTo(reply));
        child.ParentId = other.ReservationId;
        await Fails(Service.Reservations.ReserveAsync(child), StatusCode.AlreadyExists, "command_id");
        child.ClearParentId();
        await Fails(Service.Reservations.ReserveAsync(child), StatusCode.AlreadyExists, "command_id");
    }

    [Test]
    public async Task A_parent_that_is_none_is_an_error_that_says_why()
    {
        var user = await NewUser();
        var run = (await Service.Reservations.ReserveAsync(Reserve(user, 100))).Granted;
        var child = (await Service.Reservations.ReserveAsync(Child(user, 60, run))).Granted;
        await Fails(Service.Reservations.ReserveAsync(Child(user, 1, child)), StatusCode.InvalidArgument, "parent_id");
        await Fails(Service.Reservations.ReserveAsync(Child(user, 1, new() { ReservationId = "x" })),
            StatusCode.InvalidArgument, "parent_id");
        await Fails(Service.Reservations.ReserveAsync(Child(user, 1, new() { ReservationId = Id() })), StatusCode.NotFound, "parent_id");
        await Service.Reservations.ReleaseAsync(Release(user, run));
        await Fails(Service.Reservations.ReserveAsync(Child(user, 1, run)), StatusCode.FailedPrecondition, "parent_id");
        await Fails(Service.Reservations.CheckAsync(new() { User = user, Lines = { Line(1) }, ParentId = run.ReservationId }),
            StatusCode.FailedPrecondition, "parent_id");
    }

    [Test]
    public async Task A_check_of_a_child_says_what_its_reserve_would()
    {
        var user = await NewUser();
        var run = (await Service.Reservations.ReserveAsync(Reserve(user, 100))).Granted;
        var check = new V1.CheckRequest { User = user, Lines = { Line(101) }, ParentId = run.ReservationId };
        Assert.That((await Service.Reservations.CheckAsync(check)).Denial.Reason, Is.EqualTo(V1.DenialReason.RunBudget));
        check.Lines[0].Quantity = 100;
        Assert.That((await Service.Reservations.CheckAsync(check)).Allowed, Is.True);
    }

    private static async Task Call(Reservation run, string meter, long most, long used)
    {
        await using var call = await run.Reserve([V1.Line.Of(meter, most)]);
        Assert.That(call.Granted?.ParentId, Is.EqualTo(run.Id), call.Denial?.ToString());
        await call.Commit([V1.Line.Of(meter, used)]);
    }

    private async Task<string> NewAgent()
    {
        await Service.Catalog.DeclareMeterAsync(new() { Meter = new() { Name = "tool.call", Unit = "count" } });
        var tools = new V1.LimitGroup
        {
            Label = "tools", Unit = "count", Kind = V1.GroupKind.Funding, Matches = { new V1.Match { Meter = "tool.*" } }, Quota = 100,
            Window = V1.WindowLength.BillingPeriod,
        };
        await Service.Catalog.PublishPlanAsync(new() { CommandId = Id(), Plan = Plan("agents", Funding(100_000), tools) });
        return await NewUser("agents");
    }

    private V1.ReserveRequest Child(string user, long quantity, V1.Granted run)
    {
        var request = Reserve(user, quantity);
        request.ParentId = run.ReservationId;
        return request;
    }

    private V1.ReleaseRequest Release(string user, V1.Granted hold) =>
        new() { User = user, CommandId = Id(), ReservationId = hold.ReservationId };
}
