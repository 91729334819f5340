using Grpc.Core;
using Metering.EventStoreDouble.Wire;
using Content = Metering.EventStoreDouble.Wire.ReadResp.ContentOneofCase;

namespace Metering.EventStoreDouble.Tests;

public sealed class SubscriptionTests : DoubleTest
{
    private AsyncServerStreamingCall<ReadResp> Subscribe(ReadReq request, Action<ReadReq.Types.Options>? change = null)
    {
        request.Options.Subscription = new();
        change?.Invoke(request.Options);
        return Client.Read(request, cancellationToken: Stop);
    }

    private static void Only(ReadReq.Types.Options options, string prefix, uint window = 32, uint multiplier = 1) =>
        options.Filter = new()
        {
            StreamIdentifier = new() { Prefix = { prefix } }, Max = window, CheckpointIntervalMultiplier = multiplier,
        };

    private async Task<List<ReadResp>> Next(AsyncServerStreamingCall<ReadResp> call, int count)
    {
        var read = new List<ReadResp>();
        while (read.Count < count && await call.ResponseStream.MoveNext(Stop)) read.Add(call.ResponseStream.Current);
        return read;
    }

    private async Task<List<ReadResp>> Until(AsyncServerStreamingCall<ReadResp> call, Content content)
    {
        var read = new List<ReadResp>();
        do read.AddRange(await Next(call, 1));
        while (read[^1].ContentCase != content);
        return read;
    }

    private static string Kinds(IEnumerable<ReadResp> read) => string.Join(' ', read.Select(item => item.ContentCase));

    private async Task<ulong> Position(string stream) => (await Append(stream, Any, NewId())).Success.Position.CommitPosition;

    [Test]
    public async Task A_stream_from_its_start_and_then_live()
    {
        var ids = await Many("s", 2);
        using var call = Subscribe(StreamFrom("s"));
        Assert.That(Kinds(await Next(call, 4)), Is.EqualTo("Confirmation Event Event CaughtUp"));
        await Many("other", 1);
        ids.AddRange(await Many("s", 2));
        Assert.That((await Next(call, 2)).Select(item => Guid.Parse(item.Event.Event.Id.String)), Is.EqualTo(ids[2..]));
    }

    [Test]
    public async Task A_stream_from_after_a_revision()
    {
        await Many("s", 3);
        using var call = Subscribe(StreamFrom("s", 1));
        Assert.That((await Next(call, 3))[1].Event.Event.StreamRevision, Is.EqualTo(2));
    }

    [Test]
    public async Task A_stream_that_does_not_exist_yet()
    {
        using var call = Subscribe(StreamFrom("s"));
        Assert.That(Kinds(await Next(call, 2)), Is.EqualTo("Confirmation CaughtUp"));
        await Many("s", 1);
        Assert.That((await Next(call, 1))[0].Event.Event.StreamRevision, Is.Zero);
    }

    [Test]
    public async Task A_tombstone_ends_a_subscription_to_its_stream()
    {
        await Many("s", 1);
        using var call = Subscribe(StreamFrom("s"));
        await Until(call, Content.CaughtUp);
        await Client.TombstoneAsync(new() { Options = new() { StreamIdentifier = Named("s"), Any = new() } }, cancellationToken: Stop);
        Assert.That((await Next(call, 1))[0].Event.Event.Metadata["type"], Is.EqualTo("$streamDeleted"));
        Assert.That(Trailer(await Failure(Next(call, 1)), "exception"), Is.EqualTo("stream-deleted"));
    }

    [Test]
    public async Task All_streams_without_a_filter_have_no_checkpoints()
    {
        await Many("a", 40);
        using var call = Subscribe(AllFrom());
        var read = await Until(call, Content.CaughtUp);
        Assert.That(Kinds(read.DistinctBy(item => item.ContentCase)), Is.EqualTo("Confirmation Event CaughtUp"));
        await Many("b", 1);
        Assert.That(Kinds(await Next(call, 1)), Is.EqualTo("Event"));
    }

    [Test]
    public async Task From_the_end_only_what_comes()
    {
        await Many("a", 3);
        using var call = Subscribe(AllFrom(), options => options.All.End = new());
        Assert.That(Kinds(await Next(call, 2)), Is.EqualTo("Confirmation CaughtUp"));
        var id = NewId();
        await Append("a", Any, id);
        Assert.That((await Next(call, 1))[0].Event.Event.Id.String, Is.EqualTo(id.ToString()));
    }

    [Test]
    public async Task A_position_is_exclusive()
    {
        var first = await Position("a");
        var second = await Position("a");
        using var call = Subscribe(AllFrom(new() { CommitPosition = first, PreparePosition = first }));
        Assert.That((await Next(call, 2))[1].Event.CommitPosition, Is.EqualTo(second));
    }

    [Test]
    public async Task Caught_up_with_little_the_checkpoint_is_the_last_match_or_where_the_search_began()
    {
        await Position("other");
        using (var none = Subscribe(AllFrom(), options => Only(options, "a")))
        {
            var read = await Next(none, 3);
            Assert.That(Kinds(read), Is.EqualTo("Confirmation Checkpoint CaughtUp"));
            Assert.That(read[1].Checkpoint.CommitPosition, Is.Zero);
        }
        var match = await Position("a");
        await Position("other");
        using var one = Subscribe(AllFrom(), options => Only(options, "a"));
        var found = await Next(one, 4);
        Assert.That(Kinds(found), Is.EqualTo("Confirmation Event Checkpoint CaughtUp"));
        Assert.That(found[2].Checkpoint.CommitPosition, Is.EqualTo(match));
    }

    [Test]
    public async Task Caught_up_with_much_each_interval_has_a_checkpoint()
    {
        await Many("other", 200);
        using var call = Subscribe(AllFrom(), options => Only(options, "a", window: 10, multiplier: 5));
        var read = await Until(call, Content.CaughtUp);
        // the log's own first record counts: 201 records are 20 pages of 10 and one more
        Assert.That(Kinds(read), Is.EqualTo("Confirmation Checkpoint Checkpoint Checkpoint Checkpoint Checkpoint CaughtUp"));
        Assert.That(read[1..6].Select(item => item.Checkpoint.CommitPosition), Is.Ordered.Ascending.And.Unique);
    }

    [Test]
    public async Task A_checkpoint_is_a_place_to_go_on_from()
    {
        await Many("other", 100);
        var match = await Position("a");
        AllStreamPosition place;
        using (var first = Subscribe(AllFrom(), options => Only(options, "nothing", window: 10)))
        {
            var checkpoint = (await Until(first, Content.CaughtUp)).Last(item => item.Checkpoint is not null).Checkpoint;
            place = new() { CommitPosition = checkpoint.CommitPosition, PreparePosition = checkpoint.PreparePosition };
        }
        Assert.That(place.CommitPosition, Is.GreaterThan(0).And.LessThanOrEqualTo(match));
        using var second = Subscribe(AllFrom(place), options => Only(options, "a"));
        Assert.That((await Next(second, 2))[1].Event.CommitPosition, Is.EqualTo(match));
    }

    [Test]
    public async Task Live_each_interval_has_a_checkpoint_at_the_record_that_completes_it()
    {
        using var call = Subscribe(AllFrom(), options => Only(options, "a", window: 4));
        await Until(call, Content.CaughtUp);
        await Position("other");
        var match = await Position("a");
        await Position("other");
        var fourth = await Position("other");
        var read = await Next(call, 2);
        Assert.That((read[0].Event.CommitPosition, read[1].Checkpoint.CommitPosition), Is.EqualTo((match, fourth)));
    }

    [Test]
    public async Task A_reader_who_falls_behind_is_caught_up_again()
    {
        using var call = Subscribe(AllFrom(), options => Only(options, "a"));
        await Until(call, Content.CaughtUp);
        var ids = await Many("a", 100);
        var read = await Until(call, Content.CaughtUp);
        Assert.That(read.Where(item => item.Event is not null).Select(item => Guid.Parse(item.Event.Event.Id.String)), Is.EqualTo(ids));
        Assert.That(read.Count(item => item.Checkpoint is not null), Is.GreaterThan(2));
    }
}
