using Grpc.Core;
using Metering.V1;

namespace Metering.Messaging.Tests;

/// <summary>The same in memory, where nothing is kept.</summary>
public sealed class InMemoryTests
{
    [Test]
    public async Task A_bus_in_memory_says_that_it_keeps_no_failed_messages()
    {
        await using var stack = await Stack.Start("memory", new Ledgers().Streams);
        foreach (var refused in new[]
        {
            Assert.ThrowsAsync<RpcException>(async () => await stack.Ops.ListFailedMessagesAsync(new()))!,
            Assert.ThrowsAsync<RpcException>(async () => await stack.Ops.ReturnFailedMessagesAsync(new() { All = true }))!,
        })
        {
            Assert.That(refused.StatusCode, Is.EqualTo(StatusCode.FailedPrecondition));
            Assert.That(refused.Status.Detail, Does.Contain("in memory").And.Contain("next start").And.Contain("the setting Bus"));
        }
        Assert.That((await stack.Command("failures", "list")).Code, Is.EqualTo(1));
    }

    [TestCase("page_size", 1001, null, false)]
    [TestCase("page_size", -1, null, false)]
    [TestCase("page_token", 0, null, false)]
    [TestCase("message_id", 0, null, false)]
    [TestCase("message_id", 0, "0199b8a4-0000-7000-8000-000000000000", true)]
    [TestCase("message_id", 0, "seven", false)]
    public async Task A_malformed_request_is_told_what_was_expected(string field, int size, string? id, bool all)
    {
        await using var stack = await Stack.Start("memory", new Ledgers().Streams);
        var request = new ReturnFailedMessagesRequest { All = all };
        if (id is not null) request.MessageId = id;
        var refusal = Assert.ThrowsAsync<RpcException>(async () =>
        {
            if (field == "page_size") await stack.Ops.ListFailedMessagesAsync(new() { PageSize = size });
            else if (field == "page_token") await stack.Ops.ListFailedMessagesAsync(new() { PageToken = "seven" });
            else await stack.Ops.ReturnFailedMessagesAsync(request);
        })!;
        Assert.That(refusal.StatusCode, Is.EqualTo(StatusCode.InvalidArgument));
        Assert.That(Error.Parser.ParseFrom(refusal.Trailers.GetValueBytes("metering-error-bin")).Field, Is.EqualTo(field));
    }
}
