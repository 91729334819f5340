using Grpc.Core;
using Metering.EventStoreDouble.Wire;

namespace Metering.EventStoreDouble.Tests;

public sealed class DeleteTests : DoubleTest
{
    private static readonly Empty Empty = new();

    private async Task<DeleteResp> Delete(string stream, ulong? expected = null)
    {
        var options = new DeleteReq.Types.Options { StreamIdentifier = Named(stream) };
        if (expected is { } revision) options.Revision = revision;
        else options.Any = Empty;
        return await Client.DeleteAsync(new() { Options = options }, cancellationToken: Stop);
    }

    private async Task<TombstoneResp> Tombstone(string stream) =>
        await Client.TombstoneAsync(new() { Options = new() { StreamIdentifier = Named(stream), Any = Empty } }, cancellationToken: Stop);

    [TestCase(None)]
    [TestCase(Any)]
    [TestCase(2)]
    public async Task A_deleted_stream_is_not_found_and_comes_back_with_later_revisions(long expected)
    {
        await Many("s", 3);
        Assert.That((await Delete("s")).Position.CommitPosition, Is.GreaterThan(0));
        Assert.That((await Read(StreamFrom("s"))).Single().StreamNotFound, Is.Not.Null);
        var id = NewId();
        Assert.That((await Append("s", expected, id)).Success.CurrentRevision, Is.EqualTo(3));
        Assert.That(await Ids(StreamFrom("s")), Is.EqualTo(new[] { id }));
    }

    [Test]
    public async Task A_deleted_stream_does_not_exist()
    {
        await Many("s", 1);
        await Delete("s");
        var error = await Failure(Append("s", Exists, NewId()));
        Assert.That((error.StatusCode, Trailer(error, "exception")), Is.EqualTo((StatusCode.FailedPrecondition, "stream-deleted")));
    }

    [Test]
    public async Task Metadata_brings_a_deleted_stream_back_without_its_events()
    {
        await Many("s", 3);
        await Delete("s");
        await Append("$$s", Any, Event(NewId(), """{"$maxCount":10}""", "$metadata"));
        Assert.That((await Read(StreamFrom("s"))).Select(item => item.ContentCase),
            Is.EqualTo(new[] { ReadResp.ContentOneofCase.FirstStreamPosition, ReadResp.ContentOneofCase.LastStreamPosition }));
        Assert.That((await Append("s", 2, NewId())).Success.CurrentRevision, Is.EqualTo(3));
    }

    [Test]
    public async Task A_tombstone_is_for_ever()
    {
        await Many("s", 3);
        await Tombstone("s");
        Func<Task>[] calls =
        [
            () => Read(StreamFrom("s")), () => Append("s", Any, NewId()), () => Delete("s"), () => Append("$$s", Any, NewId()),
        ];
        foreach (var call in calls)
        {
            var error = await Failure(call());
            Assert.That((error.StatusCode, Trailer(error, "exception")), Is.EqualTo((StatusCode.FailedPrecondition, "stream-deleted")));
        }
    }

    [Test]
    public async Task A_delete_at_another_revision_is_refused()
    {
        await Many("s", 3);
        var error = await Failure(Delete("s", 1));
        Assert.That(error.StatusCode, Is.EqualTo(StatusCode.FailedPrecondition));
        var trailers = new[] { "exception", "stream-name", "expected-version", "actual-version" }.Select(name => Trailer(error, name));
        Assert.That(trailers, Is.EqualTo(new[] { "wrong-expected-version", "s", "1", "2" }));
    }

    [Test]
    public async Task What_never_was_cannot_be_deleted_but_tombstoned()
    {
        Assert.That(Trailer(await Failure(Delete("never")), "exception"), Is.EqualTo("wrong-expected-version"));
        await Tombstone("never");
        Assert.That(Trailer(await Failure(Append("never", Any, NewId())), "exception"), Is.EqualTo("stream-deleted"));
    }
}
