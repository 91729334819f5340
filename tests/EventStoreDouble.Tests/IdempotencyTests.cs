namespace Metering.EventStoreDouble.Tests;

/// <summary>The rules of a node's check before a commit, row by row.</summary>
public sealed class IdempotencyTests : DoubleTest
{
    // the stream holds events 0 1 2; letters below z are its events by revision, x y are new ones
    private const long Wrong = long.MinValue;

    [TestCase(-1, "abc", 2, TestName = "all of it, at the revision it was appended at")]
    [TestCase(-1, "a", 0, TestName = "the beginning of it is a repeat of that much")]
    [TestCase(0, "bc", 2)]
    [TestCase(1, "c", 2)]
    [TestCase(0, "b", 1)]
    [TestCase(-1, "abcx", Wrong, TestName = "one more than was appended")]
    [TestCase(-1, "ax", Wrong)]
    [TestCase(-1, "ba", Wrong, TestName = "another order")]
    [TestCase(-1, "x", Wrong)]
    [TestCase(-1, "b", Wrong, TestName = "an event of the stream at another revision")]
    [TestCase(0, "abc", Wrong)]
    [TestCase(2, "x", 3)]
    [TestCase(2, "a", 3, TestName = "at the last revision everything is new, ids that were used too")]
    [TestCase(3, "x", Wrong)]
    [TestCase(Any, "abc", 2)]
    [TestCase(Any, "b", 1)]
    [TestCase(Any, "ba", 0, TestName = "at any revision the order does not matter, the last one's revision is the answer")]
    [TestCase(Any, "x", 3)]
    [TestCase(Any, "ax", Wrong)]
    [TestCase(Any, "xa", 4, TestName = "at any revision a new first event makes all of it new")]
    [TestCase(Exists, "x", 3)]
    [TestCase(Exists, "c", 2)]
    [TestCase(Exists, "cx", Wrong)]
    public async Task A_stream_of_three_events(long expected, string ids, long revision)
    {
        var known = await Many("s", 3);
        known.AddRange(Enumerable.Range(0, 2).Select(_ => NewId()));
        var answer = await Append("s", expected, [.. ids.Select(letter => known[letter < 'x' ? letter - 'a' : letter - 'x' + 3])]);
        if (revision == Wrong) Assert.That(answer.WrongExpectedVersion?.CurrentRevision, Is.EqualTo(2));
        else Assert.That(answer.Success?.CurrentRevision, Is.EqualTo(revision));
    }

    [TestCase(None, true)]
    [TestCase(Any, true)]
    [TestCase(0, false)]
    [TestCase(Exists, false)]
    public async Task A_new_stream(long expected, bool taken)
    {
        var answer = await Append("new", expected, NewId());
        Assert.That(answer.Success is not null, Is.EqualTo(taken));
        if (!taken) Assert.That(answer.WrongExpectedVersion.CurrentNoStream, Is.Not.Null);
    }

    [Test]
    public async Task A_repeat_is_answered_with_the_position_of_then_after_later_events()
    {
        var ids = new[] { NewId(), NewId() };
        var first = await Append("s", None, ids);
        await Many("s", 40);
        await Many("other", 3);
        Assert.That(await Append("s", None, ids), Is.EqualTo(first));
        Assert.That(await Append("s", Any, ids), Is.EqualTo(first));
    }

    [Test]
    public async Task Contents_are_not_compared()
    {
        var id = NewId();
        var first = await Append("s", None, Event(id, "one"));
        Assert.That(await Append("s", None, Event(id, "two", "other.v1")), Is.EqualTo(first));
    }

    [Test]
    public async Task An_id_of_another_stream_is_new()
    {
        var id = NewId();
        await Append("a", Any, id);
        await Append("b", Any, id);
        Assert.That((await Append("b", 0, id)).Success.CurrentRevision, Is.EqualTo(1));
    }
}
