using Metering.Kernel.Streams;

namespace Metering.Kernel.Tests.Streams;

/// <summary>The newest events in memory, against a list of all of them.</summary>
public sealed class TailTests
{
    private const int EventsMost = 8;

    private static Position At(int place) => new((ulong)place, (ulong)place);

    private static StoredEvent Event(int place, int bytes = 10) => new(
        place % 2 == 0 ? "even" : "odd", place, At(place), Guid.Empty, "noted.v1", new byte[bytes], ReadOnlyMemory<byte>.Empty);

    [Test]
    public void Whatever_is_added_a_page_is_all_of_it_or_none([Range(1, 20)] int seed)
    {
        var (random, tail, all, upto) = (new Random(seed), new Tail(EventsMost, 1_000), new List<StoredEvent>(), 0);
        for (var step = 0; step < 60; step++)
        {
            var after = upto;
            StoredEvent[] added = [.. Enumerable.Range(0, random.Next(4)).Select(_ => Event(upto += random.Next(1, 3)))];
            upto += random.Next(2);
            tail.Add(At(after), added, At(upto));
            all.AddRange(added);
            for (var from = 0; from <= upto + 1; from++) Check(tail, all, from, upto);
        }
    }

    private static void Check(Tail tail, List<StoredEvent> all, int from, int upto)
    {
        var later = all.Where(item => item.Position > At(from)).ToArray();
        var page = tail.Page(At(from), ["even"]);
        Assert.That(tail.Has(At(from)), Is.EqualTo(later.Length <= EventsMost), $"after {from} of {upto}");
        Assert.That(page is null, Is.EqualTo(later.Length > EventsMost || from >= upto), $"after {from} of {upto}");
        if (page is null) return;
        Assert.That(page.Events, Is.EqualTo(later.Where(item => item.Stream == "even")));
        Assert.That((page.Upto, page.CaughtUp), Is.EqualTo((At(upto), true)));
    }

    [Test]
    public void After_a_gap_only_what_came_since_is_there()
    {
        var tail = new Tail(EventsMost, 1_000);
        tail.Add(At(0), [Event(1), Event(2)], At(2));
        tail.Add(At(5), [Event(6)], At(6));
        Assert.That((tail.Has(At(2)), tail.Page(At(2), [""]), tail.Has(At(5))), Is.EqualTo((false, (EventBatch?)null, true)));
        Assert.That(tail.Page(At(5), [""])!.Events.Single().Revision, Is.EqualTo(6));
    }

    [Test]
    public void Bytes_are_bounded_too()
    {
        var tail = new Tail(EventsMost, bytesMost: 25);
        tail.Add(At(0), [.. Enumerable.Range(1, 6).Select(place => Event(place))], At(6));
        Assert.That((tail.Has(At(2)), tail.Has(At(3))), Is.EqualTo((false, true)));
    }

    [Test]
    public void A_long_page_is_cut_and_the_next_goes_on_after_it()
    {
        var tail = new Tail(Following.PageEvents + 5, long.MaxValue);
        tail.Add(At(0), [.. Enumerable.Range(1, Following.PageEvents + 5).Select(place => Event(place))], At(Following.PageEvents + 9));
        var first = tail.Page(At(0), [""])!;
        var second = tail.Page(first.Upto, [""])!;
        Assert.That((first.Events.Count, first.Upto, first.CaughtUp), Is.EqualTo((Following.PageEvents, At(Following.PageEvents), false)));
        Assert.That((second.Events.Count, second.Upto, second.CaughtUp), Is.EqualTo((5, At(Following.PageEvents + 9), true)));
    }
}
