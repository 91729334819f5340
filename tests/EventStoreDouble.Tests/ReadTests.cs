using Google.Protobuf;
using Grpc.Core;
using Metering.EventStoreDouble.Wire;

namespace Metering.EventStoreDouble.Tests;

public sealed class ReadTests : DoubleTest
{
    [TestCase(0, false, 100, 0, 69)]
    [TestCase(33, false, 4, 33, 36)]
    [TestCase(69, false, 5, 69, 69)]
    [TestCase(69, true, 100, 69, 0)]
    [TestCase(500, true, 2, 69, 68)]
    [TestCase(3, true, 2, 3, 2)]
    public async Task A_stream_is_read_either_way_from_anywhere(long from, bool backwards, int count, int first, int last)
    {
        var ids = await Many("s", 70);
        var expected = first <= last ? ids[first..(last + 1)] : ids[last..(first + 1)].AsEnumerable().Reverse();
        Assert.That(await Ids(StreamFrom("s", from, backwards, (ulong)count)), Is.EqualTo(expected));
    }

    [Test]
    public async Task An_event_comes_back_as_it_was_sent()
    {
        var sent = new AppendReq.Types.ProposedMessage
        {
            Id = new() { Structured = new() { MostSignificantBits = 0x0102030405060708, LeastSignificantBits = -2 } },
            Metadata = { ["type"] = "bytes.v1", ["content-type"] = "application/octet-stream" },
            Data = ByteString.CopyFrom(0, 255, 10), CustomMetadata = ByteString.CopyFrom(1),
        };
        var appended = await Append("s", None, sent);
        var read = (await Read(StreamFrom("s")))[0].Event;
        Assert.Multiple(() =>
        {
            Assert.That(read.Event.Id.String, Is.EqualTo("01020304-0506-0708-ffff-fffffffffffe"));
            Assert.That(read.Event.Metadata["type"], Is.EqualTo("bytes.v1"));
            Assert.That(read.Event.Metadata["content-type"], Is.EqualTo("application/octet-stream"));
            Assert.That(long.Parse(read.Event.Metadata["created"], null), Is.EqualTo(Now.Ticks).Within(TimeSpan.FromMinutes(1).Ticks));
            Assert.That((read.Event.Data, read.Event.CustomMetadata), Is.EqualTo((sent.Data, sent.CustomMetadata)));
            Assert.That(read.Event.CommitPosition, Is.EqualTo(appended.Success.Position.CommitPosition));
            Assert.That(read.CommitPosition, Is.EqualTo(appended.Success.Position.CommitPosition));
        });
    }

    private static TimeSpan Now => TimeProvider.System.GetUtcNow() - DateTimeOffset.UnixEpoch;

    [Test]
    public async Task Ids_are_numbers_for_who_asks_for_them()
    {
        await Append("s", None, Guid.Parse("01020304-0506-0708-ffff-fffffffffffe"));
        var request = StreamFrom("s");
        request.Options.UuidOption = new() { Structured = new() };
        var id = (await Read(request))[0].Event.Event.Id.Structured;
        Assert.That((id.MostSignificantBits, id.LeastSignificantBits), Is.EqualTo((0x0102030405060708, -2L)));
    }

    [Test]
    public async Task A_stream_that_is_not_there_is_an_answer()
    {
        var answer = await Read(StreamFrom("none"));
        Assert.That(answer.Single().StreamNotFound.StreamIdentifier, Is.EqualTo(Named("none")));
    }

    [TestCase(0, false, "last 2")]
    [TestCase(3, false, "last 2", TestName = "just past the end: a reader who waits for the next event")]
    [TestCase(7, false, "first 3, last 2", TestName = "further past it: where there is something")]
    [TestCase(2, true, "last 2")]
    public async Task A_reader_who_asks_learns_where_the_stream_begins_and_ends(long from, bool backwards, string ends)
    {
        await Many("s", 3);
        var answers = await Read(StreamFrom("s", from, backwards));
        Assert.That(string.Join(", ", answers.Where(item => item.Event is null).Select(End)), Is.EqualTo(ends));
    }

    private static string End(ReadResp item) => item.ContentCase == ReadResp.ContentOneofCase.FirstStreamPosition
        ? $"first {item.FirstStreamPosition}" : $"last {item.LastStreamPosition}";

    [Test]
    public async Task Truncated_and_superseded_events_are_hidden_from_their_stream_only()
    {
        var ids = await Many("s", 10);
        await Append("$$s", None, Event(NewId(), """{"$maxCount":3}""", "$metadata"));
        Assert.That(await Ids(StreamFrom("s")), Is.EqualTo(ids[7..]));
        await Append("$$s", 0, Event(NewId(), """{"$tb":9}""", "$metadata"));
        Assert.That(await Ids(StreamFrom("s", 5)), Is.EqualTo(ids[9..]));
        Assert.That(await Ids(StreamFrom("s", backwards: true)), Is.EqualTo(ids[9..]));
        Assert.That(await Ids(AllFrom()), Is.SupersetOf(ids));
        Assert.That((await Append("s", None, [.. ids])).Success.CurrentRevision, Is.EqualTo(9), "a repeat sees what reads do not");
    }

    [Test]
    public async Task Of_metadata_only_the_last_is_read()
    {
        await Append("$$s", Any, Event(NewId(), "{}", "$metadata"));
        await Append("$$s", Any, Event(NewId(), """{"$maxCount":1}""", "$metadata"));
        var read = await Read(StreamFrom("$$s"));
        Assert.That(read[0].Event.Event.Data.ToStringUtf8(), Is.EqualTo("""{"$maxCount":1}"""));
        Assert.That(read[0].Event.Event.StreamRevision, Is.EqualTo(1));
    }

    [Test]
    public async Task All_streams_are_read_in_the_order_of_their_positions()
    {
        var (a, b, c) = (await Many("a", 40), await Many("b", 2), await Many("a", 1));
        List<Guid> all = [.. a, .. b, .. c];
        var read = (await Read(AllFrom())).Select(item => item.Event).ToList();
        Assert.That(read.Select(item => Guid.Parse(item.Event.Id.String)), Is.EqualTo(all));
        Assert.That(read.Select(item => item.CommitPosition), Is.Ordered.Ascending.And.Unique.And.All.GreaterThan(0));
        Assert.That(await Ids(AllFrom(backwards: true)), Is.EqualTo(all.AsEnumerable().Reverse()));
    }

    [Test]
    public async Task Forwards_a_position_is_inclusive_and_backwards_exclusive()
    {
        var ids = await Many("a", 5);
        var read = (await Read(AllFrom())).Select(item => item.Event.Event).ToList();
        var middle = new AllStreamPosition { CommitPosition = read[2].CommitPosition, PreparePosition = read[2].PreparePosition };
        Assert.That(await Ids(AllFrom(middle, count: 2)), Is.EqualTo(ids[2..4]));
        Assert.That(await Ids(AllFrom(middle, backwards: true)), Is.EqualTo(new[] { ids[1], ids[0] }));
    }

    [Test]
    public async Task The_middle_of_a_record_is_no_position()
    {
        var appended = (await Append("a", Any, NewId())).Success.Position;
        var middle = new AllStreamPosition { CommitPosition = appended.CommitPosition - 1, PreparePosition = appended.CommitPosition - 1 };
        var error = await Failure(Read(AllFrom(middle)));
        Assert.That(error.StatusCode, Is.EqualTo(StatusCode.InvalidArgument));
        Assert.That(error.Status.Detail, Is.EqualTo("Trying to read from an invalid position."));
    }

    [Test]
    public async Task Nothing_is_after_the_end()
    {
        var end = (await Append("a", Any, NewId())).Success.Position;
        var beyond = new AllStreamPosition { CommitPosition = end.CommitPosition + 5000, PreparePosition = end.CommitPosition + 5000 };
        Assert.That(await Ids(AllFrom(beyond)), Is.Empty);
    }

    [Test]
    public async Task A_filter_takes_prefixes_or_a_pattern_of_streams_or_types()
    {
        foreach (var (stream, type) in new[] { ("ledger-1", "reserved.v1"), ("billing-1", "sent.v1"), ("ledger-2", "committed.v1") })
            await Append(stream, Any, Event(NewId(), stream, type));
        Assert.Multiple(async () =>
        {
            Assert.That(await Streams(ByName(new() { Prefix = { "ledger-", "x" } })), Is.EqualTo("ledger-1 ledger-2"));
            Assert.That(await Streams(ByName(new() { Regex = "^(billing-|ledger-2)" })), Is.EqualTo("billing-1 ledger-2"));
            Assert.That(await Streams(new() { EventType = new() { Prefix = { "s", "com" } } }), Is.EqualTo("billing-1 ledger-2"));
            Assert.That(await Streams(new() { EventType = new() { Regex = @"\.v1$" } }), Is.EqualTo("ledger-1 billing-1 ledger-2"));
            Assert.That(await Streams(ByName(new() { Regex = @"^[^\$].*" })), Is.EqualTo("ledger-1 billing-1 ledger-2"));
        });
    }

    private static ReadReq.Types.Options.Types.FilterOptions ByName(ReadReq.Types.Options.Types.FilterOptions.Types.Expression names) =>
        new() { StreamIdentifier = names };

    private async Task<string> Streams(ReadReq.Types.Options.Types.FilterOptions filter)
    {
        filter.Max = 32;
        var request = AllFrom();
        request.Options.Filter = filter;
        return string.Join(' ', (await Read(request)).Select(item => item.Event.Event.StreamIdentifier.StreamName.ToStringUtf8()));
    }

    [Test]
    public async Task Options_that_make_no_sense_are_refused()
    {
        var (noIds, noFilter) = (StreamFrom("s"), StreamFrom("s"));
        noIds.Options.UuidOption = null;
        noFilter.Options.ClearFilterOption();
        Assert.That((await Failure(Read(noIds))).StatusCode, Is.EqualTo(StatusCode.InvalidArgument));
        Assert.That((await Failure(Read(noFilter))).StatusCode, Is.EqualTo(StatusCode.InvalidArgument));
    }
}
