using Metering.Kernel.Deciding;
using Metering.Kernel.Streams;
using Metering.Kernel.Streams.Sqlite;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;

namespace Metering.Kernel.Tests.Deciding;

/// <summary>Whatever happens to a runner, what it writes is one chain.</summary>
public sealed class ChainedStreamsTests
{
    private MemoryStreams memory = null!;
    private TroubledStreams streams = null!;

    [SetUp]
    public void Start()
    {
        memory = new MemoryStreams(TimeProvider.System);
        streams = new TroubledStreams(memory);
    }

    [Test]
    public async Task A_batch_is_chained_in_itself()
    {
        var runner = Runner();
        streams.Hold();
        var first = Add(runner);
        await streams.Arrived.Task;
        var rest = Enumerable.Range(0, 200).Select(_ => Add(runner)).ToArray();
        streams.LetGo();
        await Task.WhenAll([first, .. rest]);
        await IsWhole(201);
    }

    [Test]
    public async Task It_goes_on_after_a_restart_with_a_snapshot_or_without([Values(3, 1_000)] int snapshotEvery)
    {
        for (var run = 0; run < 4; run++)
        {
            var runner = Runner(new() { SnapshotEvery = snapshotEvery });
            for (var i = 0; i < 5; i++) await Add(runner);
        }
        await IsWhole(20);
    }

    [Test]
    public async Task It_goes_on_after_a_snapshot_of_the_last_event()
    {
        var runner = Runner(new() { SnapshotEvery = 5 });
        for (var i = 0; i < 5; i++) await Add(runner);
        Assert.That((await memory.LoadSnapshot("one", default))!.Revision, Is.EqualTo(4));
        await Add(Runner());
        await IsWhole(6);
    }

    [Test]
    public async Task A_snapshot_ahead_of_the_stream_is_not_believed()
    {
        await Add(Runner());
        await memory.SaveSnapshot("one", new Snapshot(7, "count.v1", "99"u8.ToArray()), default);
        Assert.That((await Add(Runner())).Sum, Is.EqualTo(2));
        await IsWhole(2);
    }

    [Test]
    public async Task It_goes_on_after_an_eviction()
    {
        var runner = Runner(new() { StreamsCached = 1, SnapshotEvery = 4 });
        for (var i = 0; i < 10; i++)
        {
            await Add(runner);
            await Add(runner, $"other-{i}");
            await Add(runner, $"another-{i}");
        }
        await IsWhole(10);
        await IsWhole(1, "other-3");
    }

    [Test]
    public async Task Instances_that_clash_write_one_chain([Values(2, 3)] int instances)
    {
        var runners = Enumerable.Range(0, instances).Select(_ => Runner(new() { Attempts = 10_000 })).ToArray();
        await Task.WhenAll(Enumerable.Range(0, 100 * instances).Select(i => Task.Run(() => Add(runners[i % instances]))));
        await IsWhole(100 * instances);
    }

    [Test]
    public async Task What_others_append_is_followed_before_a_denial()
    {
        var (mine, other) = (Runner(), Runner());
        await Add(mine);
        await Add(other);
        Assert.That((await mine.Handle("one", new CountCommand(9, 5), new("tests", null), default)).Allowed, Is.False);
        await Add(mine);
        await IsWhole(3);
        Assert.That(streams.Appends, Is.EqualTo(3), "no clash: the head was known");
    }

    [Test]
    public async Task Lost_answers_leave_one_chain([Values(2, 10)] int lost)
    {
        var runner = Runner();
        await Add(runner);
        streams.AnswersToLose = lost;
        var unsure = Add(runner);
        if (lost > 3) Assert.ThrowsAsync<StreamsUnavailableException>(() => unsure);
        else await unsure;
        streams.AnswersToLose = 0;
        await Add(runner);
        await IsWhole(3);
    }

    [Test]
    public async Task A_defect_leaves_one_chain()
    {
        var runner = Runner();
        await Add(runner);
        Assert.ThrowsAsync<InvalidOperationException>(() => runner.Handle("one", new CountCommand(1, Explodes: true), new("tests", null), default));
        await Add(runner);
        await IsWhole(2);
    }

    [Test]
    public async Task After_an_event_without_a_hash_writing_goes_on_and_the_break_stays_named()
    {
        await memory.Append("one", Revisions.None, [new NewEvent(Guid.AllBitsSet, "added.v1", "1"u8.ToArray(), "{}"u8.ToArray())], default);
        Assert.That((await Add(Runner())).Sum, Is.EqualTo(2));
        Assert.That((await Verify("one", memory)).Break?.Revision, Is.EqualTo(0));
    }

    private static IEnumerable<TestCaseData> Tampering()
    {
        static TestCaseData Case(string name, long at, ChainFault fault, string sql) => new TestCaseData(sql, at, fault).SetArgDisplayNames(name);
        yield return Case("data", 5, ChainFault.Changed, "UPDATE events SET data = CAST('7' AS BLOB) WHERE revision = 5");
        yield return Case(
            "type", 5, ChainFault.Changed, "INSERT INTO types(id, name) VALUES (9, 'added.v2'); UPDATE events SET type = 9 WHERE revision = 5");
        yield return Case("metadata", 5, ChainFault.Changed, """
            UPDATE events SET metadata = CAST(replace(CAST(metadata AS TEXT), '"actor":"tests"', '"actor":"cook"') AS BLOB) WHERE revision = 5
            """);
        yield return Case("id", 5, ChainFault.IdChanged, "UPDATE events SET id = zeroblob(16) WHERE revision = 5");
        yield return Case("deletion", 5, ChainFault.Missing, "DELETE FROM events WHERE revision = 5");
        yield return Case("deletion, renumbered", 5, ChainFault.Missing, """
            DELETE FROM events WHERE revision = 5;
            UPDATE events SET revision = -revision WHERE revision > 5; UPDATE events SET revision = -revision - 1 WHERE revision < 0
            """);
        yield return Case("order", 5, ChainFault.Reordered, """
            UPDATE events SET revision = -1 WHERE revision = 5; UPDATE events SET revision = 5 WHERE revision = 6;
            UPDATE events SET revision = 6 WHERE revision = -1
            """);
        yield return Case("insertion", 5, ChainFault.Inserted, """
            UPDATE events SET revision = -revision WHERE revision >= 5; UPDATE events SET revision = -revision + 1 WHERE revision < 0;
            INSERT INTO events SELECT position + 100, stream, 5, id, type, data, metadata FROM events WHERE revision = 2
            """);
    }

    [TestCaseSource(nameof(Tampering))]
    public async Task Tampering_with_the_file_is_found(string sql, long at, ChainFault fault)
    {
        var folder = Directory.CreateTempSubdirectory("chain").FullName;
        var file = Path.Combine(folder, "copy.db");
        await using (var store = new SqliteStreams(new SqliteStreamsSettings(file), TimeProvider.System))
        {
            for (var i = 0; i < 10; i++) await Add(Runner(new(), store));
            Assert.That((await Verify("one", store)).Events, Is.EqualTo(10));
        }
        Execute(file, sql);
        await using (var store = new SqliteStreams(new SqliteStreamsSettings(file), TimeProvider.System))
            Assert.That((await Verify("one", store)).Break, Has.Property("Revision").EqualTo(at).And.Property("Fault").EqualTo(fault));
        Directory.Delete(folder, recursive: true);
    }

    private static void Execute(string file, string sql)
    {
        using var connection = new SqliteConnection($"Data Source={file};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    private DecisionRunner<Count, CountCommand, CountAnswer> Runner(RunnerOptions? options = null, IEventStreams? over = null)
    {
        options ??= new();
        options.ResendAfter = TimeSpan.FromMilliseconds(1);
        return new(over ?? streams, new Counting(), options, TimeProvider.System, NullLogger.Instance);
    }

    private static Task<CountAnswer> Add(DecisionRunner<Count, CountCommand, CountAnswer> runner, string stream = "one") =>
        runner.Handle(stream, new CountCommand(1), new Caller("tests", "trace"), default);

    private async Task IsWhole(int events, string stream = "one")
    {
        var report = await Verify(stream, memory);
        Assert.That((report.Events, report.Break), Is.EqualTo(((long)events, (ChainBreak?)null)));
    }

    private static Task<ChainReport> Verify(string stream, IEventStreams over) =>
        ChainVerifier.Verify(stream, over.Read(stream, Direction.Forwards, 0));
}
