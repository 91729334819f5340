using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Metering.EventStoreDouble.Hosting;
using Metering.EventStoreDouble.Wire;
using Google.Protobuf;

namespace Metering.EventStoreDouble.Tests;

public sealed class BatchTests : DoubleTest
{
    private AsyncDuplexStreamingCall<BatchAppendReq, BatchAppendResp> _call = null!;

    [SetUp]
    public void OpenBatch() => _call = Client.BatchAppend(cancellationToken: Stop);

    [TearDown]
    public void CloseBatch() => _call.Dispose();

    private static BatchAppendReq Request(string stream, long expected, params Guid[] ids)
    {
        var options = new BatchAppendReq.Types.Options { StreamIdentifier = Named(stream) };
        if (expected == Any) options.Any = new();
        else if (expected == None) options.NoStream = new();
        else if (expected == Exists) options.StreamExists = new();
        else options.StreamPosition = (ulong)expected;
        var request = new BatchAppendReq { CorrelationId = new() { String = NewId().ToString() }, Options = options, IsFinal = true };
        request.ProposedMessages.Add(ids.Select(id => Proposed(id)));
        return request;
    }

    private static BatchAppendReq.Types.ProposedMessage Proposed(Guid id, int bytes = 0) => new()
    {
        Id = new() { String = id.ToString() }, Data = ByteString.CopyFrom(new byte[bytes]),
        Metadata = { ["type"] = "noted.v1", ["content-type"] = "application/json" },
    };

    private async Task<BatchAppendResp> Ask(BatchAppendReq request)
    {
        await _call.RequestStream.WriteAsync(request, Stop);
        return await Answer();
    }

    private async Task<BatchAppendResp> Answer() =>
        await _call.ResponseStream.MoveNext(Stop) ? _call.ResponseStream.Current : throw new AssertionException("the batch ended");

    [Test]
    public async Task An_append_is_answered_under_its_correlation_id_with_revision_and_position()
    {
        var request = Request("s", None, NewId(), NewId());
        var answer = await Ask(request);
        var read = (await Read(StreamFrom("s")))[1].Event.Event;
        Assert.Multiple(() =>
        {
            Assert.That(answer.CorrelationId, Is.EqualTo(request.CorrelationId));
            Assert.That(answer.StreamIdentifier, Is.EqualTo(Named("s")));
            Assert.That((answer.Success.CurrentRevision, answer.Success.Position.CommitPosition), Is.EqualTo((1UL, read.CommitPosition)));
        });
    }

    [Test]
    public async Task An_append_may_come_in_parts_among_others()
    {
        var (whole, ids) = (Request("s", None), new[] { NewId(), NewId() });
        (whole.IsFinal, var id) = (false, whole.CorrelationId);
        whole.ProposedMessages.Add(Proposed(ids[0]));
        await _call.RequestStream.WriteAsync(whole, Stop);
        Assert.That((await Ask(Request("other", None, NewId()))).StreamIdentifier, Is.EqualTo(Named("other")));
        var answer = await Ask(new() { CorrelationId = id, ProposedMessages = { Proposed(ids[1]) }, IsFinal = true });
        Assert.That(answer.Success.CurrentRevision, Is.EqualTo(1));
        Assert.That(await Ids(StreamFrom("s")), Is.EqualTo(ids));
    }

    [Test]
    public async Task The_same_append_is_answered_as_the_first_time()
    {
        var ids = new[] { NewId(), NewId() };
        var first = await Ask(Request("s", None, ids));
        await Ask(Request("s", 1, NewId()));
        Assert.That((await Ask(Request("s", None, ids))).Success, Is.EqualTo(first.Success));
    }

    [TestCase(None, WrongExpectedVersion.ExpectedStreamPositionOptionOneofCase.ExpectedNoStream)]
    [TestCase(7, WrongExpectedVersion.ExpectedStreamPositionOptionOneofCase.ExpectedStreamPosition)]
    public async Task A_wrong_revision_is_an_answer_with_both_revisions(long expected, object said)
    {
        await Many("s", 3);
        var error = (await Ask(Request("s", expected, NewId()))).Error;
        var details = error.Details.Unpack<WrongExpectedVersion>();
        Assert.Multiple(() =>
        {
            Assert.That((error.Code, error.Message), Is.EqualTo((Code.AlreadyExists, "WrongExpectedVersion")));
            Assert.That(error.Details.TypeUrl, Is.EqualTo("type.googleapis.com/event_store.client.WrongExpectedVersion"));
            Assert.That(details.CurrentStreamRevision, Is.EqualTo(2));
            Assert.That(details.ExpectedStreamPositionOptionCase, Is.EqualTo(said));
        });
    }

    [Test]
    public async Task Other_refusals_are_told_by_the_type_of_their_details()
    {
        await Client.TombstoneAsync(new() { Options = new() { StreamIdentifier = Named("gone"), Any = new() } }, cancellationToken: Stop);
        var late = Request("s", Any, NewId());
        late.Options.Deadline = Duration.FromTimeSpan(TimeSpan.Zero);
        var big = Request("s", Any);
        big.ProposedMessages.Add(Proposed(NewId(), 1 << 20));
        var untyped = Request("s", Any, NewId());
        untyped.ProposedMessages[0].Metadata.Clear();
        var said = new List<string>();
        foreach (var request in new[] { Request("gone", Any, NewId()), late, big, untyped })
            said.Add($"{(await Ask(request)).Error.Code} {_call.ResponseStream.Current.Error.Message}");
        Assert.That(said, Is.EqualTo(new[]
        {
            "NotFound StreamDeleted", "DeadlineExceeded Timeout", "InvalidArgument MaximumAppendSizeExceeded",
            "InvalidArgument BadRequest",
        }));
        Assert.That(await Ids(StreamFrom("s")), Is.Empty, "nothing of it was appended");
    }

    [Test]
    public async Task A_batch_that_ends_has_answered_everything()
    {
        Double.Faults.Add(new Fault(FaultKind.Hold) { StreamPrefix = "slow" });
        await _call.RequestStream.WriteAsync(Request("slow", Any, NewId()), Stop);
        var fast = await Ask(Request("fast", Any, NewId()));
        Assert.That(fast.StreamIdentifier, Is.EqualTo(Named("fast")), "one does not wait for another");
        await _call.RequestStream.CompleteAsync();
        Double.Faults.Release();
        Assert.That((await Answer()).StreamIdentifier, Is.EqualTo(Named("slow")));
        Assert.That(await _call.ResponseStream.MoveNext(Stop), Is.False);
    }

    [TestCase(FaultKind.TimeOut, "DeadlineExceeded Timeout", true)]
    [TestCase(FaultKind.NotReady, "Ok Server Is Not Ready", false)]
    [TestCase(FaultKind.TooBusy, "Ok Server Is Busy", false)]
    public async Task What_a_node_says_when_it_cannot(FaultKind fault, string said, bool appended)
    {
        Double.Faults.Add(new Fault(fault));
        var error = (await Ask(Request("s", None, NewId()))).Error;
        Assert.That($"{error.Code} {error.Message}", Is.EqualTo(said));
        Assert.That((await Ids(StreamFrom("s"))).Count, Is.EqualTo(appended ? 1 : 0));
    }

    [Test]
    public async Task A_lost_answer_breaks_the_batch_and_the_append_has_happened()
    {
        Double.Faults.Add(new Fault(FaultKind.LoseAnswer));
        var id = NewId();
        Assert.That((await Failure(Ask(Request("s", None, id)))).StatusCode, Is.EqualTo(StatusCode.Unavailable));
        Assert.That(await Ids(StreamFrom("s")), Is.EqualTo(new[] { id }));
    }

    [Test]
    public async Task A_lost_request_breaks_the_batch_and_nothing_has_happened()
    {
        Double.Faults.Add(new Fault(FaultKind.LoseRequest));
        Assert.That((await Failure(Ask(Request("s", None, NewId())))).StatusCode, Is.EqualTo(StatusCode.Unavailable));
        Assert.That(await Ids(StreamFrom("s")), Is.Empty);
    }
}
