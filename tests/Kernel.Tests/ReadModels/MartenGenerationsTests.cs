using Metering.Kernel.ReadModels;
using Metering.Kernel.ReadModels.Postgres;
using Metering.Kernel.Streams;
using Npgsql;

namespace Metering.Kernel.Tests.ReadModels;

public sealed class MartenGenerationsTests : ReadModelContract
{
    // each is two generations, each with tables of its own
    protected override int Runs => 15;

    protected override async Task<IGenerations> Open(ReadModelSchema schema)
    {
        await PostgresServer.Drop(schema.Name);
        return New(schema);
    }

    [Test]
    public async Task Another_instance_sees_the_same()
    {
        await Model.Apply([new Note("a", "x", 1)], Position.Start, new(7, 7), Stop);
        await using var other = New(Generations.Schema);
        var there = (await other.Live(Stop)).Documents;
        Assert.That((await there.Load<Note>(["a"], Stop))["a"], Is.EqualTo(new Note("a", "x", 1)));
        Assert.That(await there.Checkpoint(Stop), Is.EqualTo(new Position(7, 7)));
    }

    [Test]
    public async Task Of_many_instances_that_begin_at_once_none_fails()
    {
        await PostgresServer.Drop(Generations.Schema.Name);
        var instances = Enumerable.Range(0, 8).Select(_ => New(Generations.Schema)).ToArray();
        var landed = await Task.WhenAll(instances.Select(async one =>
            await (await one.Live(Stop)).Documents.Apply([new Note("a", "x", 1)], Position.Start, new(1, 1), Stop)));
        Assert.That(landed.Count(applied => applied), Is.EqualTo(1));
        foreach (var one in instances) await one.DisposeAsync();
    }

    [Test]
    public async Task What_was_replaced_is_swept_away()
    {
        var first = (await Generations.Live(Stop)).Number;
        var next = await Generations.Begin(Stop);
        await Model.Load<Note>(["a"], Stop);
        await Generations.Switch(next, Stop);
        await Generations.Sweep(Stop);
        Assert.That(await Exists($"contract_{first}.mt_doc_note"), Is.True, "queries may still read it");
        await using var hasty = new MartenGenerations(PostgresServer.Required(), Generations.Schema, TimeSpan.Zero);
        await hasty.Sweep(Stop);
        Assert.That(await Exists($"contract_{first}.mt_doc_note"), Is.False);
        Assert.That((await Generations.Live(Stop)).Number, Is.EqualTo(next.Number));
    }

    [Test]
    public async Task A_turn_ends_with_its_connection_and_is_the_next_ones()
    {
        await using var other = New(Generations.Schema);
        var first = await Generations.Turn(Stop);
        var waiting = other.Turn(Stop);
        await PostgresServer.Run("select 1");
        Assert.That(waiting.IsCompleted, Is.False);
        await first.DisposeAsync();
        await using var second = await waiting;
        await second.Say(new Standing("second", default(DateTimeOffset), null, TimeSpan.Zero, null, null), Stop);
        await PostgresServer.Cut("metering contract turn");
        Assert.That(() => second.Say(new Standing("second", default(DateTimeOffset), null, TimeSpan.Zero, null, null), Stop), Throws.Exception);
        await using var third = await Generations.Turn(Stop);
    }

    /// <summary>Held up between the checkpoint and the documents, then cut off: neither is there.</summary>
    [Test]
    public async Task A_crash_in_the_middle_leaves_neither_documents_nor_checkpoint()
    {
        await Model.Apply([new Note("a", "x", 1)], Position.Start, new(1, 1), Stop);
        await using (var database = NpgsqlDataSource.Create(PostgresServer.Required()))
        await using (var connection = await database.OpenConnectionAsync(Stop))
        await using (var holding = await connection.BeginTransactionAsync(Stop))
        {
            await using var held = new NpgsqlCommand("update contract_1.mt_doc_note set data = data", connection, holding);
            await held.ExecuteNonQueryAsync(Stop);
            var applying = Model.Apply([new Note("0", "x", 2), new Note("a", "x", 2)], new(1, 1), new(2, 2), Stop);
            while ((long)(await PostgresServer.Run("""
                select count(pg_terminate_backend(pid)) from pg_stat_activity
                where application_name = 'metering contract' and wait_event_type = 'Lock'
                """))! == 0)
                Stop.ThrowIfCancellationRequested();
            Assert.That(() => applying, Throws.Exception);
        }
        Assert.That(await Model.Checkpoint(Stop), Is.EqualTo(new Position(1, 1)));
        Assert.That((await Model.Load<Note>(["0", "a"], Stop)).Values, Is.EqualTo(new[] { new Note("a", "x", 1) }));
        Assert.That(await Model.Apply([new Note("a", "x", 2)], new(1, 1), new(2, 2), Stop), Is.True);
    }

    [Test]
    public async Task A_range_is_read_from_its_index_in_its_order_whatever_the_order_of_the_database()
    {
        await Model.Apply([new Note("a", "x", 1)], Position.Start, new(1, 1), Stop);
        var (where, _) = IndexSql.Where(Note.ByTopic, new KeyRange("x", "y", new Place("x", "a")));
        var sql = where.Replace("?", "'x'", StringComparison.Ordinal) + IndexSql.Order(Note.ByTopic);
        await PostgresServer.Run("alter database metering set enable_seqscan = off");
        try
        {
            var plan = (string)(await PostgresServer.Run($"explain (format json) select d.id from contract_1.mt_doc_note as d {sql} limit 3"))!;
            Assert.That(plan, Does.Contain("mt_doc_note_by_topic").And.Not.Contain("Sort"));
        }
        finally
        {
            await PostgresServer.Run("alter database metering reset enable_seqscan");
        }
    }

    private static async Task<bool> Exists(string table) => (bool)(await PostgresServer.Run($"select to_regclass('{table}') is not null"))!;

    private static MartenGenerations New(ReadModelSchema schema) => new(PostgresServer.Required(), schema);
}
