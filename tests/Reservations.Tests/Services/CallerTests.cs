using Grpc.Core;
using Metering.Kernel.Deciding;
using Metering.Kernel.Streams;

namespace Metering.Reservations.Tests.Services;

/// <summary>Who asked, as it is stored with an event.</summary>
public sealed class CallerTests : ServiceTest
{
    private const string TraceId = "0af7651916cd43dd8448eb211c80319c";

    [TestCase($"00-{TraceId}-b7ad6b7169203331-01", TraceId)]
    [TestCase($"00-{TraceId}-b7ad6b7169203331-00", TraceId)]
    [TestCase("no trace", null)]
    [TestCase("00-00000000000000000000000000000000-b7ad6b7169203331-01", null)]
    [TestCase(null, null)]
    public async Task An_event_keeps_the_trace_that_the_caller_sent(string? sent, string? kept)
    {
        var user = await NewUser();
        var headers = new Metadata();
        if (sent is not null) headers.Add("traceparent", sent);
        var request = Reserve(user, 1);
        await Service.Reservations.ReserveAsync(request, headers);
        var stored = await Newest($"ledger-{user}");
        Assert.That(EventMetadata.Decode(stored.Metadata.Span) with { Hash = null },
            Is.EqualTo(new EventMetadata("anonymous", Guid.Parse(request.CommandId), kept)));
    }

    private async Task<StoredEvent> Newest(string stream)
    {
        await foreach (var stored in Streams.Read(stream, Direction.Backwards, Kernel.Streams.Revisions.End, 1)) return stored;
        throw new AssertionException($"{stream} is empty");
    }
}
