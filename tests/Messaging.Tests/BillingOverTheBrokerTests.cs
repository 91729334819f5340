using Grpc.Core;
using Metering.V1;

namespace Metering.Messaging.Tests;

/// <summary>From ledgers to reports over a real broker.</summary>
[NonParallelizable, FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class BillingOverTheBrokerTests : IDisposable
{
    private readonly Ledgers ledgers = new();
    private readonly CancellationTokenSource stop = new(TimeSpan.FromSeconds(90));

    [SetUp, TearDown]
    public Task Clear() => Broker.Clear();

    public void Dispose() => stop.Dispose();

    [Test]
    public async Task A_period_that_ends_is_reported_and_nothing_is_left_on_the_bus()
    {
        await ledgers.End("once", 700);
        await using var stack = await Stack.Start(Broker.Address, ledgers.Streams);
        await stack.Planned("once", stop.Token);
        Assert.That(await stack.Reports("once"), Is.EqualTo(new[] { 700L }));
        await stack.DisposeAsync();
        Assert.That(await Broker.Holds("billing-sync"), Is.Zero);
    }

    [Test]
    public async Task What_is_published_again_is_reported_once()
    {
        var end = await ledgers.End("twice", 700);
        await using (var first = await Stack.Start(Broker.Address, ledgers.Streams)) await first.Planned("twice", stop.Token);

        await using var second = await Stack.Start(Broker.Address, ledgers.Streams);
        await second.Publishing.WaitFor(end.Position, stop.Token);
        await ledgers.End("after", 5);
        await second.Planned("after", stop.Token);
        Assert.That(await second.Reports("twice"), Is.EqualTo(new[] { 700L }));
    }

    [Test]
    public async Task Nothing_is_lost_or_reported_twice_when_connections_break_under_traffic()
    {
        await using var wire = new Wire(Broker.Parsed);
        await using var stack = await Stack.Start(wire.Address, ledgers.Streams);
        string[] users = [.. Enumerable.Range(0, 2_000).Select(i => $"cut-{i:D4}")];
        foreach (var user in users) await ledgers.End(user, 700);
        foreach (var one in new[] { users[50], users[400] })
        {
            await stack.Planned(one, stop.Token);
            wire.Cut();
        }
        foreach (var user in users) await stack.Planned(user, stop.Token);
        Assert.That((await stack.Ops.GetTotalsAsync(new GetTotalsRequest())).Totals.Single(), Is.EqualTo(
            new StripeMeterTotal { StripeMeter = "tokens", Reports = 2_000, Reported = 1_400_000, Unlinked = 1_400_000 }));
        Assert.That(wire.Connections, Is.GreaterThan(1));
    }

    [Test]
    public async Task A_period_that_cannot_be_taken_in_is_shown_to_operators_who_can_have_it_tried_again()
    {
        await ledgers.End("wrong", 700, scale: 0);
        var good = await ledgers.End("good", 40);
        await using var stack = await Stack.Start(Broker.Address, ledgers.Streams);
        await stack.Planned("good", stop.Token);
        await stack.Publishing.WaitFor(good.Position, stop.Token);

        var first = await Failed(stack);
        Assert.That((first.Type, first.User, first.Period, first.Attempts), Is.EqualTo(("PeriodEnded", "wrong", 1, 1)));
        Assert.That(first.Error, Does.Contain("a scale of 0"));
        Assert.That(first.FailedAt, Is.EqualTo(first.FailingSince).And.Not.Null);
        Assert.That(await Failed(stack), Is.EqualTo(first), "looking changes nothing");

        Assert.That(await Returned(stack, new() { MessageId = first.MessageId.ToUpperInvariant() }), Is.EqualTo(1));
        var second = await Failed(stack);
        Assert.That((second.MessageId, second.Attempts, second.FailingSince), Is.EqualTo((first.MessageId, 2, first.FailingSince)));
        Assert.That(second.FailedAt.ToDateTimeOffset(), Is.GreaterThan(first.FailedAt.ToDateTimeOffset()));
        Assert.That(await Returned(stack, new() { All = true }), Is.EqualTo(1));
        Assert.That((await Failed(stack)).Attempts, Is.EqualTo(3));
    }

    [Test]
    public async Task The_command_lists_and_returns_them()
    {
        await ledgers.End("wrong", 700, scale: 0);
        await using var stack = await Stack.Start(Broker.Address, ledgers.Streams);
        var failed = await Failed(stack);

        var (listed, table) = await stack.Command("failures", "list");
        Assert.That(listed, Is.Zero);
        Assert.That(table, Does.Contain(failed.MessageId).And.Contain("wrong").And.Contain("a scale of 0").And.Contain("1 of 1"));
        Assert.That((await stack.Command("failures", "list", "--json")).Said, Does.Contain($"\"message_id\": \"{failed.MessageId}\""));
        Assert.That(await stack.Command("failures", "return", failed.MessageId), Is.EqualTo((0, "1 returned\n")));
        await Failed(stack);
        Assert.That(await stack.Command("failures", "return", "--all"), Is.EqualTo((0, "1 returned\n")));
        Assert.That(await stack.Command("failures", "return"), Is.EqualTo((2, "metering: expected a MESSAGE or --all, one of them\n")));
        Assert.That((await stack.Command("failures", "return", "seven")).Code, Is.EqualTo(2));
        Assert.That((await stack.Command("failures", "list", "--limit", "0")).Code, Is.EqualTo(2));
    }

    [Test]
    public async Task Without_failures_there_is_nothing_to_list_or_return()
    {
        await using var stack = await Stack.Start(Broker.Address, ledgers.Streams);
        Assert.That(await stack.Ops.ListFailedMessagesAsync(new()), Is.EqualTo(new ListFailedMessagesReply()));
        Assert.That(await Returned(stack, new() { All = true }), Is.Zero);
        var unknown = new ReturnFailedMessagesRequest { MessageId = "0199b8a4-0000-7000-8000-000000000000" };
        Assert.That(() => Returned(stack, unknown), Refused(StatusCode.NotFound));
        Assert.That(await stack.Command("failures", "list"), Is.EqualTo((0, "no message has failed\n")));
    }

    /// <summary>The only failed message, once it is there: the error queue is told of nobody, so it is looked for until then.</summary>
    private async Task<FailedMessage> Failed(Stack stack)
    {
        while (true)
        {
            var reply = await stack.Ops.ListFailedMessagesAsync(new(), cancellationToken: stop.Token);
            if (reply.Total > 0) return reply.Messages.Single();
        }
    }

    private static async Task<int> Returned(Stack stack, ReturnFailedMessagesRequest request) =>
        (await stack.Ops.ReturnFailedMessagesAsync(request)).Returned;

    private static NUnit.Framework.Constraints.IResolveConstraint Refused(StatusCode code) =>
        Throws.InstanceOf<RpcException>().With.Property(nameof(RpcException.StatusCode)).EqualTo(code);
}
