using FsCheck;
using FsCheck.Fluent;
using Metering.Kernel.ReadModels;
using Metering.Kernel.Streams;

namespace Metering.Kernel.Tests.ReadModels;

/// <summary>What every read model must do. An adapter is added with one subclass that opens it, empty.</summary>
public abstract class ReadModelContract
{
    private CancellationTokenSource _stop = null!;
    private int _far = 1_000_000;

    /// <summary>The read model, opened for this test, without documents.</summary>
    protected IGenerations Generations { get; private set; } = null!;

    protected IReadModel Model { get; private set; } = null!;

    protected abstract Task<IGenerations> Open(ReadModelSchema schema);

    protected CancellationToken Stop => _stop.Token;

    [SetUp]
    public async Task OpenModel()
    {
        _stop = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        Generations = await Open(new ReadModelSchema("contract").With(Note.ByTopic, Note.ById).With<Tally>());
        Model = (await Generations.Live(Stop)).Documents;
    }

    [TearDown]
    public async Task CloseModel()
    {
        if (Generations is IAsyncDisposable disposable)
            await disposable.DisposeAsync();
        _stop.Dispose();
    }

    [Test]
    public async Task A_new_one_is_empty_and_at_the_start()
    {
        Assert.That(await Model.Checkpoint(Stop), Is.EqualTo(Position.Start));
        Assert.That(await Load("a"), Is.Empty);
        Assert.That(await All(), Is.Empty);
    }

    [Test]
    public async Task Documents_and_checkpoint_are_applied_together()
    {
        Assert.That(await Apply(0, 7, new Note("a", "x", 1), new Tally("a", 5)), Is.True);
        Assert.That(await Model.Checkpoint(Stop), Is.EqualTo(At(7)));
        Assert.That(await Load("a", "b"), Is.EqualTo(new[] { new Note("a", "x", 1) }));
        Assert.That((await Model.Load<Tally>(["a"], Stop))["a"], Is.EqualTo(new Tally("a", 5)), "a type is part of the key");
    }

    [Test]
    public async Task A_document_replaces_the_one_with_its_id_and_moves_in_every_index()
    {
        await Apply(0, 1, new Note("a", "x", 1), new Note("b", "y", 1));
        await Apply(1, 2, new Note("a", "z", 2));
        Assert.That(await Range(KeyRange.All), Is.EqualTo(new[] { new Note("b", "y", 1), new Note("a", "z", 2) }));
        await Apply(2, 3, new Note("a", null, 3));
        Assert.That(await Range(KeyRange.All), Is.EqualTo(new[] { new Note("b", "y", 1) }), "without a key it is in no index");
        Assert.That(await Load("a"), Is.EqualTo(new[] { new Note("a", null, 3) }));
    }

    [TestCase(0, 5, TestName = "At_the_checkpoint_changes_nothing")]
    [TestCase(0, 9, TestName = "From_before_the_checkpoint_changes_nothing")]
    [TestCase(5, 5, TestName = "An_apply_that_moves_nothing_changes_nothing")]
    [TestCase(5, 4, TestName = "Backwards_changes_nothing")]
    [TestCase(6, 9, TestName = "From_beyond_the_checkpoint_changes_nothing")]
    public async Task Only_from_the_checkpoint_onwards(int after, int upto)
    {
        await Apply(0, 5, new Note("a", "x", 1));
        Assert.That(await Apply(after, upto, new Note("a", "y", 2), new Note("b", "y", 2)), Is.False);
        Assert.That(await Model.Checkpoint(Stop), Is.EqualTo(At(5)));
        Assert.That(await All(), Is.EqualTo(new[] { new Note("a", "x", 1) }));
    }

    [Test]
    public async Task An_apply_that_fails_changes_nothing()
    {
        await Apply(0, 5, new Note("a", "x", 1));
        Assert.That(() => Apply(5, 6, new Note("a", "y", 2), new Stranger("s")), Throws.Exception);
        Assert.That(await Model.Checkpoint(Stop), Is.EqualTo(At(5)));
        Assert.That(await All(), Is.EqualTo(new[] { new Note("a", "x", 1) }));
    }

    [Test]
    public async Task Of_many_at_once_from_one_checkpoint_exactly_one_lands()
    {
        var applied = await Task.WhenAll(Enumerable.Range(1, 20).Select(n => Apply(0, n, new Note("a", "x", n))));
        Assert.That(applied.Count(landed => landed), Is.EqualTo(1));
        var winner = Array.IndexOf(applied, true) + 1;
        Assert.That(await Model.Checkpoint(Stop), Is.EqualTo(At(winner)));
        Assert.That(await Load("a"), Is.EqualTo(new[] { new Note("a", "x", winner) }));
    }

    [Test]
    public async Task No_documents_move_the_checkpoint_alone()
    {
        Assert.That(await Apply(0, 5), Is.True);
        Assert.That(await Model.Checkpoint(Stop), Is.EqualTo(At(5)));
    }

    [Test]
    public async Task Keys_are_ordered_ordinally_and_ties_by_id()
    {
        await Apply(0, 1, new Note("b", "x", 1), new Note("a", "x", 1), new Note("c", "X", 1), new Note("d", "x1", 1), new Note("e", "x-", 1));
        Assert.That((await Range(KeyRange.All)).Select(note => note.Id), Is.EqualTo(new[] { "c", "a", "b", "e", "d" }));
    }

    [Test]
    public async Task A_prefix_is_all_that_starts_with_it()
    {
        await Apply(0, 1, [.. new[] { "u", "u/", "u/1", "u/2", "u0", "u1/1" }.Select(id => new Note(id, null, 1))]);
        var found = await Model.Range(Note.ById, KeyRange.Prefix("u/"), 10, Stop);
        Assert.That(found.Select(note => note.Id), Is.EqualTo(new[] { "u/", "u/1", "u/2" }));
    }

    [Test]
    public async Task A_rebuild_is_seen_by_no_query_until_it_takes_the_place_of_the_live_one()
    {
        var live = new LiveReadModel(Generations);
        await Apply(0, 5, new Note("a", "x", 1), new Tally("t", 1));
        var next = await Generations.Begin(Stop);
        Assert.That(await next.Documents.Checkpoint(Stop), Is.EqualTo(Position.Start));
        Assert.That(await next.Documents.Load<Note>(["a"], Stop), Is.Empty);
        Assert.That(await next.Documents.Apply([new Note("b", "x", 2)], At(0), At(6), Stop), Is.True);
        Assert.That((await live.Range(Note.ById, KeyRange.All, 9, Stop)).Single().Id, Is.EqualTo("a"));
        Assert.That(await Generations.Switch(next, Stop), Is.True);
        Assert.That((await live.Range(Note.ById, KeyRange.All, 9, Stop)).Single().Id, Is.EqualTo("b"));
        Assert.That(await live.Load<Tally>(["t"], Stop), Is.Empty);
        Assert.That((await live.Checkpoint(Stop), await Generations.Next(Stop)), Is.EqualTo((At(6), (Generation?)null)));
    }

    [Test]
    public async Task What_was_replaced_takes_nothing_in()
    {
        await Apply(0, 5, new Note("a", "x", 1));
        var next = await Generations.Begin(Stop);
        await next.Documents.Apply([], At(0), At(5), Stop);
        await Generations.Switch(next, Stop);
        Assert.That(await Apply(5, 6, new Note("a", "x", 2)), Is.False);
        Assert.That(await next.Documents.Load<Note>(["a"], Stop), Is.Empty);
        Assert.That(await next.Documents.Apply([], At(5), At(6), Stop), Is.True, "the live one goes on");
    }

    [Test]
    public async Task Queries_never_go_back_what_is_behind_the_live_one_does_not_replace_it()
    {
        await Apply(0, 5, new Note("a", "x", 1));
        var next = await Generations.Begin(Stop);
        await next.Documents.Apply([], At(0), At(4), Stop);
        Assert.That(await Generations.Switch(next, Stop), Is.False);
        Assert.That(await Apply(5, 6, new Note("a", "x", 2)), Is.True, "the live one goes on");
        await next.Documents.Apply([], At(4), At(6), Stop);
        Assert.That(await Generations.Switch(next, Stop), Is.True);
        Assert.That(await Generations.Switch(next, Stop), Is.False, "once");
    }

    [Test]
    public async Task A_rebuild_that_was_begun_goes_on()
    {
        var first = await Generations.Begin(Stop);
        await first.Documents.Apply([new Note("a", "x", 1)], At(0), At(5), Stop);
        var again = await Generations.Begin(Stop);
        Assert.That((again.Number, await again.Documents.Checkpoint(Stop)), Is.EqualTo((first.Number, At(5))));
        Assert.That((await Generations.Next(Stop))!.Number, Is.EqualTo(first.Number));
        Assert.That(first.Number, Is.GreaterThan((await Generations.Live(Stop)).Number));
    }

    [Test]
    public async Task Who_has_the_turn_says_how_it_stands()
    {
        Assert.That(await Generations.Standing(Stop), Is.Null);
        await using var turn = await Generations.Turn(Stop);
        var noon = new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);
        var standing = new Standing("here/1", noon.AddSeconds(1), noon, TimeSpan.FromMilliseconds(1500), "no", null);
        await turn.Say(standing with { Error = null }, Stop);
        await turn.Say(standing, Stop);
        Assert.That((await Generations.Standing(Stop))!.Standing, Is.EqualTo(standing));
    }

    /// <summary>Against the plainest model there is: a list of the last document per id, sorted.</summary>
    [Test]
    public void Any_history_reads_page_by_page_like_a_sorted_list_and_rebuilds_equal() =>
        Prop.ForAll(Histories, history => Holds(history).GetAwaiter().GetResult()).Check(Config.QuickThrowOnFailure.WithMaxTest(Runs));

    protected virtual int Runs => 100;

    private static Arbitrary<Note[][]> Histories => Gen.ArrayOf(Gen.ArrayOf(
        from id in Gen.Elements("a", "b", "c", "d", "e")
        from topic in Gen.Elements(null, "", "x", "xy", "y")
        from text in Gen.Choose(0, 9)
        select new Note(id, topic, text))).ToArbitrary();

    private async Task Holds(Note[][] history)
    {
        await Rebuild(history);
        var expected = history.SelectMany(batch => batch).GroupBy(note => note.Id).Select(same => same.Last())
            .Where(note => note.Topic is not null)
            .OrderBy(note => note.Topic, StringComparer.Ordinal).ThenBy(note => note.Id, StringComparer.Ordinal).ToArray();
        foreach (var (from, below) in new[] { (null, null), ("x", null), (null, "y"), ("x", "xy"), ("z", null) })
            Assert.That(await Pages(from, below), Is.EqualTo(expected.Where(note => IsIn(note, from, below))));
        await Rebuild([[.. history.SelectMany(batch => batch)]]);
        Assert.That(await Pages(null, null), Is.EqualTo(expected));
    }

    private static bool IsIn(Note note, string? from, string? below) =>
        (from is null || string.CompareOrdinal(note.Topic, from) >= 0) && (below is null || string.CompareOrdinal(note.Topic, below) < 0);

    /// <summary>A history into a new generation, which is live afterwards.</summary>
    private async Task Rebuild(Note[][] history)
    {
        var next = await Generations.Begin(Stop);
        Model = next.Documents;
        for (var i = 0; i < history.Length; i++)
            Assert.That(await Apply(i, i + 1, [.. history[i]]), Is.True);
        Assert.That(await Apply(history.Length, _far++), Is.True);
        Assert.That(await Generations.Switch(next, Stop), Is.True);
    }

    private async Task<List<Note>> Pages(string? from, string? below)
    {
        var (all, range) = (new List<Note>(), new KeyRange(from, below));
        while (await Model.Range(Note.ByTopic, range, 2, Stop) is { Count: > 0 } page)
        {
            all.AddRange(page);
            range = range with { After = Note.ByTopic.PlaceOf(page[^1]) };
        }
        return all;
    }

    private static Position At(int place) => new((ulong)place, (ulong)place);

    private Task<bool> Apply(int after, int upto, params IDocument[] documents) => Model.Apply(documents, At(after), At(upto), Stop);

    private async Task<IEnumerable<Note>> Load(params string[] ids) => (await Model.Load<Note>(ids, Stop)).Values;

    private Task<IReadOnlyList<Note>> Range(KeyRange range) => Model.Range(Note.ByTopic, range, 100, Stop);

    private Task<IReadOnlyList<Note>> All() => Model.Range(Note.ById, KeyRange.All, 100, Stop);

    public sealed record Note(string Id, string? Topic, int Text) : IDocument
    {
        public static readonly DocumentIndex<Note> ByTopic = new(note => note.Topic);
        public static readonly DocumentIndex<Note> ById = new(note => note.Id);
    }

    public sealed record Tally(string Id, long Count) : IDocument;

    /// <summary>Of no read model.</summary>
    public sealed record Stranger(string Id) : IDocument;
}

public sealed class MemoryReadModelTests : ReadModelContract
{
    protected override Task<IGenerations> Open(ReadModelSchema schema) => Task.FromResult<IGenerations>(new MemoryGenerations(schema));
}
