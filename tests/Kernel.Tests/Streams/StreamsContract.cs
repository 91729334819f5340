using FsCheck;
using FsCheck.Fluent;
using Metering.Kernel.Streams;

namespace Metering.Kernel.Tests.Streams;

/// <summary>What every event store must do. An adapter is added with one subclass that opens it.</summary>
public abstract class StreamsContract
{
    private static readonly TimeProvider Time = TimeProvider.System;
    private static readonly DateTimeOffset Run = Time.GetUtcNow();

    private CancellationTokenSource _stop = null!;
    private int _histories;

    protected IEventStreams Streams { get; private set; } = null!;

    /// <summary>Of this test alone: the store may be shared and hold other tests' streams.</summary>
    protected string Own { get; private set; } = null!;

    /// <summary>Ends a test that would wait for ever.</summary>
    protected CancellationToken Stop => _stop.Token;

    protected abstract IEventStreams Open();

    [SetUp]
    public void OpenStore()
    {
        _stop = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        Own = $"t{Guid.CreateVersion7(Run):N}-";
        Streams = Open();
    }

    [TearDown]
    public async Task CloseStore()
    {
        await Close(Streams);
        _stop.Dispose();
    }

    protected static async Task Close(IEventStreams streams)
    {
        if (streams is IAsyncDisposable disposable)
            await disposable.DisposeAsync();
    }

    protected static NewEvent Event(string text, string type = "noted.v1") =>
        new(Guid.CreateVersion7(Run), type, System.Text.Encoding.UTF8.GetBytes(text), ReadOnlyMemory<byte>.Empty);

    protected static NewEvent[] Events(int count) => [.. Enumerable.Range(0, count).Select(i => Event($"{i}"))];

    protected Task<Appended> Append(string stream, long expected, params NewEvent[] events) =>
        Streams.Append(stream, expected, events, Stop);

    protected async Task<List<StoredEvent>> All(string stream) =>
        await ToList(Streams.Read(stream, Direction.Forwards, 0, cancellation: Stop));

    protected static async Task<List<T>> ToList<T>(IAsyncEnumerable<T> items)
    {
        var list = new List<T>();
        await foreach (var item in items)
            list.Add(item);
        return list;
    }

    protected static Guid[] Ids(IEnumerable<NewEvent> events) => [.. events.Select(item => item.Id)];

    protected static Guid[] Ids(IEnumerable<StoredEvent> events) => [.. events.Select(item => item.Id)];

    /// <summary>Follows until <paramref name="enough"/> says so of everything seen.</summary>
    protected async Task<List<StoredEvent>> Follow(Position after, string[] prefixes, Func<List<StoredEvent>, EventBatch, bool> enough)
    {
        var seen = new List<StoredEvent>();
        await foreach (var batch in Streams.Subscribe(after, prefixes, Stop))
        {
            seen.AddRange(batch.Events);
            if (enough(seen, batch))
                break;
        }
        return seen;
    }

    private async Task<WrongRevisionException> Refused(string stream, long expected, params NewEvent[] events)
    {
        try
        {
            await Append(stream, expected, events);
        }
        catch (WrongRevisionException wrong)
        {
            return wrong;
        }
        throw new AssertionException($"an append at {expected} was taken");
    }

    [Test]
    public async Task What_was_appended_is_read_byte_for_byte()
    {
        byte[] data = [.. Enumerable.Range(0, 256).Select(i => (byte)i)], metadata = [0, 255, 0, 10, 13];
        var full = new NewEvent(Guid.CreateVersion7(Run), "reserved.v1", data, metadata);
        var empty = new NewEvent(Guid.CreateVersion7(Run), "released.v2", ReadOnlyMemory<byte>.Empty, ReadOnlyMemory<byte>.Empty);
        var appended = await Append(Own, Revisions.None, full, empty);
        var read = await All(Own);
        Assert.Multiple(() =>
        {
            Assert.That(appended.Revision, Is.EqualTo(1));
            Assert.That(appended.Position, Is.EqualTo(read[1].Position));
            Assert.That(read.Select(item => (item.Stream, item.Revision, item.Id, item.Type)),
                Is.EqualTo(new[] { (Own, 0L, full.Id, "reserved.v1"), (Own, 1L, empty.Id, "released.v2") }));
            Assert.That(read[0].Data.ToArray(), Is.EqualTo(data));
            Assert.That(read[0].Metadata.ToArray(), Is.EqualTo(metadata));
            Assert.That(read[1].Data.Length + read[1].Metadata.Length, Is.Zero);
        });
    }

    [Test]
    public async Task The_callers_buffer_is_the_callers_again_after_the_append()
    {
        byte[] data = [1, 2, 3];
        await Append(Own, Revisions.None, Event("") with { Data = data });
        data[0] = 9;
        Assert.That((await All(Own))[0].Data.ToArray(), Is.EqualTo(new byte[] { 1, 2, 3 }));
    }

    [TestCase(Direction.Forwards, 0, int.MaxValue, 0, 9)]
    [TestCase(Direction.Forwards, 3, 4, 3, 6)]
    [TestCase(Direction.Forwards, 9, 5, 9, 9)]
    [TestCase(Direction.Backwards, Revisions.End, int.MaxValue, 9, 0)]
    [TestCase(Direction.Backwards, Revisions.End, 1, 9, 9)]
    [TestCase(Direction.Backwards, 3, 2, 3, 2)]
    [TestCase(Direction.Backwards, 0, 7, 0, 0)]
    [TestCase(Direction.Backwards, 50, 2, 9, 8)]
    public async Task A_stream_is_read_either_way_from_anywhere(Direction direction, long from, int limit, long first, long last)
    {
        await Append(Own, Revisions.None, Events(10));
        var read = await ToList(Streams.Read(Own, direction, from, limit, Stop));
        var step = direction == Direction.Forwards ? 1 : -1;
        var expected = Enumerable.Range(0, (int)Math.Abs(last - first) + 1).Select(i => first + i * step);
        Assert.That(read.Select(item => item.Revision), Is.EqualTo(expected));
    }

    [Test]
    public async Task A_long_stream_is_read_whole_in_both_directions()
    {
        for (var i = 0; i < 5; i++)
            await Append(Own, i * 500 - 1, Events(500));
        var forwards = await All(Own);
        var backwards = await ToList(Streams.Read(Own, Direction.Backwards, Revisions.End, cancellation: Stop));
        Assert.That(forwards.Select(item => item.Revision), Is.EqualTo(Enumerable.Range(0, 2500).Select(i => (long)i)));
        Assert.That(Ids(backwards), Is.EqualTo(Ids(forwards).Reverse()));
    }

    [TestCase(Direction.Forwards, 0)]
    [TestCase(Direction.Backwards, Revisions.End)]
    public async Task A_stream_that_does_not_exist_reads_as_empty(Direction direction, long from) =>
        Assert.That(await ToList(Streams.Read(Own, direction, from, cancellation: Stop)), Is.Empty);

    [Test]
    public async Task Reading_past_the_end_finds_nothing()
    {
        await Append(Own, Revisions.None, Events(3));
        Assert.That(await ToList(Streams.Read(Own, Direction.Forwards, 3, cancellation: Stop)), Is.Empty);
    }

    [TestCase(0, 0)]
    [TestCase(1, -1)]
    [TestCase(1, 1)]
    [TestCase(1, 2)]
    [TestCase(3, 0)]
    [TestCase(3, -1)]
    public async Task An_append_at_another_revision_is_refused_with_the_actual_one_and_changes_nothing(int existing, long expected)
    {
        var before = Events(existing);
        if (existing > 0)
            await Append(Own, Revisions.None, before);
        var wrong = await Refused(Own, expected, Events(2));
        Assert.That((wrong.Expected, wrong.Actual), Is.EqualTo((expected, existing - 1L)));
        Assert.That(Ids(await All(Own)), Is.EqualTo(Ids(before)));
    }

    [Test]
    public async Task The_same_append_again_is_answered_as_the_first_was()
    {
        var events = Events(3);
        var first = await Append(Own, Revisions.None, events);
        var again = await Append(Own, Revisions.None, events);
        Assert.That(again, Is.EqualTo(first));
        Assert.That(Ids(await All(Own)), Is.EqualTo(Ids(events)));
    }

    [Test]
    public async Task The_same_append_again_is_answered_as_the_first_was_even_after_later_ones()
    {
        var (before, events, later) = (Events(2), Events(2), Events(2));
        await Append(Own, Revisions.None, before);
        var first = await Append(Own, 1, events);
        await Append(Own, 3, later);
        Assert.That(await Append(Own, 1, events), Is.EqualTo(first));
        Assert.That(Ids(await All(Own)), Is.EqualTo(Ids([.. before, .. events, .. later])));
    }

    [Test]
    public async Task Only_part_of_an_append_again_is_answered_for_that_part()
    {
        var events = Events(3);
        await Append(Own, Revisions.None, events);
        Assert.That((await Append(Own, Revisions.None, events[..2])).Revision, Is.EqualTo(1));
        Assert.That((await Append(Own, 0, events[1..])).Revision, Is.EqualTo(2));
    }

    [Test]
    public async Task An_append_that_matches_only_partly_is_refused()
    {
        var events = Events(2);
        await Append(Own, Revisions.None, events);
        Assert.Multiple(async () =>
        {
            Assert.That((await Refused(Own, Revisions.None, events[0], Event("other"))).Actual, Is.EqualTo(1), "another last");
            Assert.That((await Refused(Own, Revisions.None, Event("other"), events[1])).Actual, Is.EqualTo(1), "another first");
            Assert.That((await Refused(Own, Revisions.None, events[1], events[0])).Actual, Is.EqualTo(1), "another order");
            Assert.That((await Refused(Own, Revisions.None, [.. events, Event("more")])).Actual, Is.EqualTo(1), "one more");
            Assert.That((await Refused(Own, 0, events)).Actual, Is.EqualTo(1), "another revision");
        });
        Assert.That(Ids(await All(Own)), Is.EqualTo(Ids(events)));
    }

    [Test]
    public async Task Many_who_append_to_one_stream_leave_no_gap_and_no_duplicate()
    {
        const int writers = 32, each = 10;
        await Task.WhenAll(Enumerable.Range(0, writers).Select(_ => Task.Run(() => AppendWithRetry(each))));
        var read = await All(Own);
        Assert.That(read.Select(item => item.Revision), Is.EqualTo(Enumerable.Range(0, writers * each).Select(i => (long)i)));
        Assert.That(Ids(read).Distinct().Count(), Is.EqualTo(writers * each));
    }

    private async Task AppendWithRetry(int count)
    {
        var expected = Revisions.None;
        for (var item = Event("one"); count > 0;)
        {
            try
            {
                expected = (await Append(Own, expected, item)).Revision;
                (item, count) = (Event("next"), count - 1);
            }
            catch (WrongRevisionException wrong)
            {
                expected = wrong.Actual;
            }
        }
    }

    [Test]
    public async Task The_same_append_from_many_at_once_happens_once()
    {
        var events = Events(2);
        var answers = await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => Task.Run(() => Append(Own, Revisions.None, events))));
        Assert.That(answers.Distinct().Count(), Is.EqualTo(1));
        Assert.That(Ids(await All(Own)), Is.EqualTo(Ids(events)));
    }

    [Test]
    public async Task The_global_order_agrees_with_the_order_of_every_stream()
    {
        const int streams = 40, each = 25;
        await Task.WhenAll(Enumerable.Range(0, streams).Select(s => Task.Run(async () =>
        {
            for (var i = 0; i < each; i++)
                await Append($"{Own}{s}", i - 1, Event($"{i}"));
        })));
        var seen = await Follow(Position.Start, [Own], (all, _) => all.Count >= streams * each);
        Assert.That(seen, Has.Count.EqualTo(streams * each));
        Assert.That(seen.Select(item => item.Position), Is.Ordered.And.Unique);
        foreach (var stream in seen.GroupBy(item => item.Stream))
            Assert.That(stream.Select(item => item.Revision), Is.EqualTo(Enumerable.Range(0, each).Select(i => (long)i)), stream.Key);
    }

    [Test]
    public async Task A_subscription_sees_what_was_there_and_then_what_comes()
    {
        var (before, live) = (Events(3), Events(2));
        await Append(Own, Revisions.None, before);
        Task<Appended>? appended = null;
        var seen = await Follow(Position.Start, [Own], (all, batch) =>
        {
            if (batch.CaughtUp)
                appended ??= Append(Own, 2, live);
            return all.Count >= 5;
        });
        Assert.That(Ids(seen), Is.EqualTo(Ids([.. before, .. live])));
        Assert.That(seen[^1].Position, Is.EqualTo((await appended!).Position));
    }

    [Test]
    public async Task A_subscription_goes_on_after_the_position_it_is_given()
    {
        await Append(Own, Revisions.None, Events(3));
        var middle = (await All(Own))[1].Position;
        var seen = await Follow(middle, [Own], (all, _) => all.Count >= 1);
        Assert.That(seen.Select(item => item.Revision), Is.EqualTo(new[] { 2L }));
    }

    [Test]
    public async Task A_subscription_sees_the_streams_of_its_prefixes_only()
    {
        string[] names = ["a-1", "b-1", "c-1", "a-2", "ab-1"];
        foreach (var name in names)
            await Append(Own + name, Revisions.None, Event(name));
        await Append(Own + "c-last", Revisions.None, Event("last"));
        var seen = await Follow(Position.Start, [Own + "a-", Own + "c-"], (all, _) => all.Any(item => item.Stream == Own + "c-last"));
        Assert.That(seen.Select(item => item.Stream[Own.Length..]), Is.EqualTo(new[] { "a-1", "c-1", "a-2", "c-last" }));
    }

    [Test]
    public async Task A_prefix_is_compared_letter_by_letter_and_case()
    {
        await Append(Own + "AB_1", Revisions.None, Event("capitals"));
        await Append(Own + "abx1", Revisions.None, Event("any letter"));
        await Append(Own + "ab_1", Revisions.None, Event("this"));
        var seen = await Follow(Position.Start, [Own + "ab_"], (all, _) => all.Count >= 1);
        Assert.That(seen.Select(item => item.Stream), Is.EqualTo(new[] { Own + "ab_1" }));
    }

    [Test]
    public async Task Two_subscriptions_each_see_everything()
    {
        var first = Follow(Position.Start, [Own], (all, _) => all.Count >= 200);
        var second = Follow(Position.Start, [Own], (all, _) => all.Count >= 200);
        for (var i = 0; i < 200; i++)
            await Append($"{Own}{i % 7}", i / 7 - 1, Event($"{i}"));
        Assert.That(Ids(await first), Is.EqualTo(Ids(await second)));
    }

    [Test]
    public async Task A_subscription_to_nothing_yet_says_that_it_caught_up()
    {
        EventBatch? marker = null;
        await Follow(Position.Start, [Own], (_, batch) => (marker = batch).CaughtUp);
        Assert.That(marker!.Events, Is.Empty);
    }

    [Test]
    public async Task A_subscriptions_position_moves_on_over_what_it_does_not_match()
    {
        var passed = await Append(Own + "other", Revisions.None, Event("first"));
        var searched = new TaskCompletionSource();
        var following = Follow(Position.Start, [Own + "none"], (_, batch) => batch.Upto >= passed.Position && searched.TrySetResult());
        for (var i = 0; !searched.Task.IsCompleted; i++)
            await Append(Own + "other", i, Event("next"));
        Assert.That(await following, Is.Empty);
    }

    [Test]
    public async Task A_position_taken_from_an_empty_batch_is_one_to_go_on_from()
    {
        await Append(Own + "other", Revisions.None, Event("not seen"));
        var upto = Position.Start;
        await Follow(Position.Start, [Own + "mine"], (_, batch) => (upto = batch.Upto, batch.CaughtUp).CaughtUp);
        await Append(Own + "mine", Revisions.None, Event("seen"));
        var seen = await Follow(upto, [Own + "mine"], (all, _) => all.Count >= 1);
        Assert.That(seen.Select(item => item.Stream), Is.EqualTo(new[] { Own + "mine" }));
    }

    [Test]
    public async Task A_subscription_ends_when_it_is_cancelled()
    {
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        var batches = 0;
        Assert.CatchAsync<OperationCanceledException>(async () =>
        {
            await foreach (var batch in Streams.Subscribe(Position.Start, [Own], cancel.Token))
            {
                batches++;
                if (batch.CaughtUp)
                    await cancel.CancelAsync();
            }
        });
        Assert.That((batches > 0, Stop.IsCancellationRequested), Is.EqualTo((true, false)));
        Assert.That((await Append(Own, Revisions.None, Event("still open"))).Revision, Is.Zero);
    }

    [Test]
    public void A_subscription_to_no_prefix_is_refused() =>
        Assert.CatchAsync<ArgumentException>(() => Follow(Position.Start, [], (_, _) => true));

    [Test]
    public void An_append_that_is_cancelled_before_it_starts_does_not_happen()
    {
        Assert.CatchAsync<OperationCanceledException>(() => Streams.Append(Own, Revisions.None, Events(1), new CancellationToken(true)));
        Assert.That(async () => await All(Own), Is.Empty);
    }

    [Test]
    public async Task Events_just_below_the_limit_are_taken()
    {
        var random = new Random(1);
        var data = new byte[Appends.MaxBytes - 2 * "big.v1".Length];
        random.NextBytes(data);
        await Append(Own, Revisions.None, Event("", "big.v1") with { Data = data });
        await Append(Own, 0, Event("", "big.v1") with { Metadata = data });
        var read = await All(Own);
        Assert.That(read[0].Data.Span.SequenceEqual(data) && read[1].Metadata.Span.SequenceEqual(data));
    }

    [Test]
    public async Task An_append_above_the_limit_is_refused_whole()
    {
        var half = Event("") with { Data = new byte[Appends.MaxBytes / 2] };
        Assert.CatchAsync<ArgumentException>(() => Append(Own, Revisions.None, half, half with { Id = Event("").Id }));
        Assert.That(await All(Own), Is.Empty);
    }

    [Test]
    public void An_append_of_nothing_is_refused() =>
        Assert.CatchAsync<ArgumentException>(() => Append(Own, Revisions.None));

    [Test]
    public void A_revision_below_none_is_refused() =>
        Assert.CatchAsync<ArgumentException>(() => Append(Own, -2, Event("never")));

    [Test]
    public async Task Every_letter_of_an_id_may_be_in_a_streams_name()
    {
        string[] names = [Own + "AZaz09_.:@-", Own + "azAZ09_.:@-", Own + "..", Own + "@", Own + new string('x', 200)];
        foreach (var name in names)
            await Append(name, Revisions.None, Event(name));
        foreach (var name in names)
            Assert.That((await All(name)).Select(item => item.Stream), Is.EqualTo(new[] { name }));
    }

    [Test]
    public async Task A_snapshot_is_saved_replaced_and_deleted()
    {
        Assert.That(await Streams.LoadSnapshot(Own, Stop), Is.Null);
        var saved = new[] { (7L, "ledger.v1", new byte[] { 1, 0, 255 }), (9L, "ledger.v2", [2]), (10L, "v3", []) };
        foreach (var (revision, version, data) in saved)
        {
            await Streams.SaveSnapshot(Own, new Snapshot(revision, version, data), Stop);
            var loaded = await Streams.LoadSnapshot(Own, Stop);
            Assert.That((loaded!.Revision, loaded.Version), Is.EqualTo((revision, version)));
            Assert.That(loaded.Data.ToArray(), Is.EqualTo(data));
        }
        await Streams.SaveSnapshot(Own, null, Stop);
        Assert.That(await Streams.LoadSnapshot(Own, Stop), Is.Null);
    }

    [Test]
    public async Task A_snapshot_belongs_to_its_stream_and_is_no_event()
    {
        await Streams.SaveSnapshot(Own + "a", new Snapshot(1, "v1", new byte[] { 1 }), Stop);
        Assert.That(await Streams.LoadSnapshot(Own + "b", Stop), Is.Null);
        Assert.That(await All(Own + "a"), Is.Empty);
    }

    [Test]
    public async Task The_clock_is_about_this_machines()
    {
        var clock = await Streams.Clock(Stop);
        Assert.That(clock.Offset, Is.EqualTo(TimeSpan.Zero));
        Assert.That(clock, Is.EqualTo(Time.GetUtcNow()).Within(TimeSpan.FromMinutes(1)));
    }

    /// <summary>One step of a random history: an append near the head, perhaps of events used before, or a read.</summary>
    public sealed record Act(int Stream, int Near, int Count, int From, bool Again, bool Backwards);

    private static readonly Gen<Act> Acts =
        from stream in Gen.Choose(0, 2)
        from near in Gen.Frequency((6, Gen.Constant(0)), (2, Gen.Choose(-3, 1)))
        from count in Gen.Choose(1, 4)
        from start in Gen.Choose(0, 12)
        from again in Gen.Frequency((2, Gen.Constant(false)), (1, Gen.Constant(true)))
        from backwards in ArbMap.Default.GeneratorFor<bool>()
        select new Act(stream, near, count, start, again, backwards);

    [FsCheck.NUnit.Property(MaxTest = 40)]
    public Property Any_history_is_that_of_a_list_of_events_per_stream() => Prop.ForAll(Acts.ListOf().ToArbitrary(), async acts =>
    {
        var model = new Dictionary<string, List<Guid>>();
        var prefix = $"{Own}{Interlocked.Increment(ref _histories)}-";
        foreach (var act in acts)
            await Agrees(model, prefix + act.Stream, act);
    });

    private async Task Agrees(Dictionary<string, List<Guid>> model, string stream, Act act)
    {
        if (!model.TryGetValue(stream, out var expected))
            model[stream] = expected = [];
        var at = Math.Max(Revisions.None, expected.Count - 1 + act.Near);
        // "again" sends what is stored after that revision, completed by new events: fully, partly or not at all the same
        var events = Events(act.Count);
        for (var i = 0; act.Again && i < act.Count && at + 1 + i < expected.Count; i++)
            events[i] = events[i] with { Id = expected[(int)at + 1 + i] };
        await AppendsLike(expected, stream, at, events);
        var read = await ToList(Streams.Read(
            stream, act.Backwards ? Direction.Backwards : Direction.Forwards, act.From, act.Count, Stop));
        var slice = act.Backwards ? expected.Take(act.From + 1).Reverse() : expected.Skip(act.From);
        Assert.That(Ids(read), Is.EqualTo(slice.Take(act.Count)));
    }

    private async Task AppendsLike(List<Guid> expected, string stream, long at, NewEvent[] events)
    {
        var head = expected.Count - 1;
        if (at == head)
            expected.AddRange(Ids(events));
        else if (!expected.Skip((int)at + 1).Take(events.Length).SequenceEqual(Ids(events)))
        {
            Assert.That((await Refused(stream, at, events)).Actual, Is.EqualTo(head));
            return;
        }
        Assert.That((await Append(stream, at, events)).Revision, Is.EqualTo(at + events.Length));
    }
}

public sealed class MemoryStreamsTests : StreamsContract
{
    protected override IEventStreams Open() => new MemoryStreams(TimeProvider.System);
}
