using System.Diagnostics.Metrics;
using Metering.Kernel.Streams;
using Metering.Kernel.Streams.Sqlite;
using Microsoft.Data.Sqlite;

namespace Metering.Kernel.Tests.Streams;

[TestFixture(32_768, 1_024, Description = "as it is used")]
[TestFixture(3, 5, Description = "so small that everything is partly in the table and partly in memory")]
public sealed class SqliteStreamsTests(int placedAtOnce, int tailEvents) : StreamsContract
{
    private string _folder = null!;

    private string File => Path.Combine(_folder, "data", "streams.db");

    private SqliteStreams Store => (SqliteStreams)Streams;

    protected override IEventStreams Open()
    {
        _folder = Directory.CreateTempSubdirectory("streams").FullName;
        return Another();
    }

    [TearDown]
    public async Task DeleteFolder()
    {
        // teardown runs here before it runs in the contract; closing twice is allowed
        await Close(Streams);
        Directory.Delete(_folder, recursive: true);
    }

    private SqliteStreams Another(int pending = 10_000, int logBytes = 64 << 20) =>
        new(
        new SqliteStreamsSettings(File) { PendingAppends = pending, LogBytes = logBytes, PlacedAtOnce = placedAtOnce, TailEvents = tailEvents },
        TimeProvider.System);

    private SqliteConnection Raw(string sql)
    {
        var connection = new SqliteConnection($"Data Source={File};Pooling=False");
        connection.Open();
        Execute(connection, sql);
        return connection;
    }

    private static void Execute(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    [Test]
    public async Task The_writer_syncs_fully_and_into_a_log()
    {
        Assert.That(await Store.WriterSetting("synchronous"), Is.EqualTo("2"));
        Assert.That(await Store.WriterSetting("journal_mode"), Is.EqualTo("wal"));
    }

    [Test]
    public async Task Everything_is_there_after_the_file_was_closed_and_opened_again()
    {
        var (first, second) = (Events(3), Events(2));
        await Append(Own, Revisions.None, first);
        var answer = await Append(Own, 2, second);
        await Streams.SaveSnapshot(Own, new Snapshot(4, "v1", new byte[] { 5 }), Stop);
        await Store.DisposeAsync();
        await using var opened = Another();
        Assert.That(Ids(await ToList(opened.Read(Own, Direction.Forwards, 0, cancellation: Stop))), Is.EqualTo(Ids([.. first, .. second])));
        Assert.That(await opened.Append(Own, 2, second, Stop), Is.EqualTo(answer), "the same append again");
        Assert.That((await opened.Append(Own, 4, Events(1), Stop)).Position, Is.GreaterThan(answer.Position));
        Assert.That((await opened.LoadSnapshot(Own, Stop))!.Revision, Is.EqualTo(4));
    }

    [Test]
    public async Task A_file_of_the_first_version_is_brought_up_to_date()
    {
        var (first, second) = (Events(12), Events(2));
        await Append(Own, Revisions.None, first);
        var answer = await Append(Own, 11, second);
        await Store.DisposeAsync();
        await using (Raw("""
            DROP TABLE places; DROP TABLE placed; CREATE UNIQUE INDEX events_of_stream ON events(stream, revision); PRAGMA user_version = 1
            """)) { }
        await using var opened = Another();
        Assert.That(Ids(await ToList(opened.Read(Own, Direction.Forwards, 0, cancellation: Stop))), Is.EqualTo(Ids([.. first, .. second])));
        Assert.That(await opened.Append(Own, 11, second, Stop), Is.EqualTo(answer), "the same append again");
        Assert.That((await opened.Append(Own, 13, Events(1), Stop)).Revision, Is.EqualTo(14));
    }

    [Test]
    public async Task Another_process_reads_a_stream_as_it_grows_and_goes_on_with_it()
    {
        await using var other = Another();
        for (var revision = -1L; revision < 40; revision += 2)
        {
            await Append(Own, revision, Events(1));
            Assert.That(await ToList(other.Read(Own, Direction.Forwards, 0, cancellation: Stop)), Has.Count.EqualTo(revision + 2));
            await other.Append(Own, revision + 1, Events(1), Stop);
            Assert.That((await ToList(Streams.Read(Own, Direction.Backwards, revision + 1, 3, Stop))).Select(item => item.Revision),
                Is.EqualTo(new[] { revision + 1, revision, revision - 1 }.Where(each => each >= 0)));
        }
        Assert.That((await All(Own)).Select(item => item.Revision), Is.EqualTo(Enumerable.Range(0, 42).Select(i => (long)i)));
    }

    [Test]
    public async Task What_a_crash_leaves_behind_holds_every_acknowledged_append()
    {
        await Task.WhenAll(Enumerable.Range(0, 300).Select(i => Append($"{Own}{i}", Revisions.None, Events(2))));
        // a killed process leaves the files as they are now: not closed, the log not yet carried over
        var crashed = Path.Combine(_folder, "crashed.db");
        foreach (var suffix in new[] { "", "-wal" })
            System.IO.File.Copy(File + suffix, crashed + suffix);
        await using var opened = new SqliteStreams(new SqliteStreamsSettings(crashed), TimeProvider.System);
        for (var i = 0; i < 300; i++)
            Assert.That(await ToList(opened.Read($"{Own}{i}", Direction.Forwards, 0, cancellation: Stop)), Has.Count.EqualTo(2));
    }

    [Test]
    public async Task Closing_finishes_the_appends_that_wait()
    {
        var waiting = Enumerable.Range(0, 500).Select(i => Append($"{Own}{i}", Revisions.None, Events(1))).ToArray();
        await Store.DisposeAsync();
        Assert.That((await Task.WhenAll(waiting)).Select(answer => answer.Revision), Is.All.Zero);
        var refused = Assert.CatchAsync<StreamsUnavailableException>(() => Append(Own, Revisions.None, Events(1)));
        Assert.That((refused!.OutcomeUnknown, refused.Message), Is.EqualTo((false, "the event store is closed")));
    }

    [Test]
    public async Task Closing_ends_the_subscriptions()
    {
        var caughtUp = new TaskCompletionSource();
        var following = Follow(Position.Start, [Own], (_, batch) => batch.CaughtUp && !caughtUp.TrySetResult());
        await caughtUp.Task;
        await Store.DisposeAsync();
        Assert.CatchAsync<ObjectDisposedException>(() => following);
    }

    [Test]
    public async Task Two_on_one_file_see_each_others_appends_and_refuse_each_others_clashes()
    {
        await using var other = Another();
        await Append(Own, Revisions.None, Events(1));
        Assert.That((await other.Append(Own, 0, Events(1), Stop)).Revision, Is.EqualTo(1));
        Assert.That((await Append(Own, 1, Events(1))).Revision, Is.EqualTo(2));
        var wrong = Assert.CatchAsync<WrongRevisionException>(() => other.Append(Own, 1, Events(1), Stop));
        Assert.That(wrong!.Actual, Is.EqualTo(2));
    }

    [Test]
    public async Task Two_on_one_file_leave_no_gap_and_no_duplicate_under_load()
    {
        await using var other = Another();
        var stores = new[] { Store, other };
        await Task.WhenAll(Enumerable.Range(0, 16).Select(i => Task.Run(() => Retry(stores[i % 2], 20))));
        Assert.That((await All(Own)).Select(item => item.Revision), Is.EqualTo(Enumerable.Range(0, 320).Select(i => (long)i)));
        var seen = await Follow(Position.Start, [Own], (all, _) => all.Count >= 320);
        Assert.That(seen.Select(item => item.Revision), Is.EqualTo(Enumerable.Range(0, 320).Select(i => (long)i)));
    }

    private async Task Retry(SqliteStreams store, int count)
    {
        for (var expected = Revisions.None; count > 0;)
        {
            try
            {
                expected = (await store.Append(Own, expected, Events(1), Stop)).Revision;
                count--;
            }
            catch (WrongRevisionException wrong)
            {
                expected = wrong.Actual;
            }
        }
    }

    [Test]
    public async Task Own_appends_wake_a_subscription_without_any_polling()
    {
        var settings = new SqliteStreamsSettings(File) { OtherProcessesPoll = Timeout.InfiniteTimeSpan };
        await using var store = new SqliteStreams(settings, TimeProvider.System);
        var seen = 0;
        await foreach (var batch in store.Subscribe(Position.Start, [Own], Stop))
        {
            seen += batch.Events.Count;
            if (seen == 20)
                break;
            if (batch.CaughtUp)
                _ = store.Append(Own, seen - 1, Events(1), Stop);
        }
        Assert.That(seen, Is.EqualTo(20));
    }

    [Test]
    public async Task A_subscription_sees_what_another_process_appends()
    {
        await using var other = Another();
        Task<Appended>? appended = null;
        var seen = await Follow(Position.Start, [Own], (all, batch) =>
        {
            if (batch.CaughtUp)
                appended ??= other.Append(Own, Revisions.None, Events(2), Stop);
            return all.Count >= 2;
        });
        Assert.That(seen[^1].Position, Is.EqualTo((await appended!).Position));
    }

    [Test]
    public async Task Appends_that_gather_share_a_commit()
    {
        using var meter = new Counted();
        var waiting = await WhileLocked(() => [.. Enumerable.Range(0, 100).Select(i => Append($"{Own}{i}", Revisions.None, Events(1)))]);
        await Task.WhenAll(waiting);
        Assert.That(meter["metering.streams.appends"], Is.EqualTo(100));
        // one for what the writer had already taken, one for all the others
        Assert.That(meter["metering.streams.commits"], Is.InRange(1, 2));
    }

    [Test]
    public async Task A_refused_append_spoils_none_of_its_group()
    {
        await Append(Own + "taken", Revisions.None, Events(1));
        var waiting = await WhileLocked(() =>
            [.. new[] { "a", "taken", "b", "a" }.Select(name => Append(Own + name, Revisions.None, Events(1)))]);
        Assert.That(async () => await waiting[0], Throws.Nothing);
        Assert.CatchAsync<WrongRevisionException>(() => waiting[1]);
        Assert.That(async () => await waiting[2], Throws.Nothing);
        Assert.CatchAsync<WrongRevisionException>(() => waiting[3], "the first of the same group is seen");
    }

    [Test]
    public async Task When_too_many_wait_further_appends_are_refused_at_once_and_the_others_are_kept()
    {
        await using var small = Another(pending: 5);
        StreamsUnavailableException? overloaded = null;
        var waiting = await WhileLocked(() =>
        {
            var taken = new List<Task<Appended>>();
            for (var i = 0; overloaded is null; i++)
            {
                var append = small.Append($"{Own}{i}", Revisions.None, Events(1), Stop);
                overloaded = append.Exception?.InnerException as StreamsUnavailableException;
                if (overloaded is null)
                    taken.Add(append);
            }
            return [.. taken];
        });
        Assert.That((overloaded!.OutcomeUnknown, overloaded.IsOverloaded), Is.EqualTo((false, true)));
        Assert.That(overloaded.Message, Does.Contain("overloaded"));
        Assert.That((await Task.WhenAll(waiting)).Select(answer => answer.Revision), Is.All.Zero);
        Assert.That(waiting, Has.Length.GreaterThanOrEqualTo(5));
    }

    /// <summary>
    /// What comes of it otherwise is a matter of luck: SQLite sleeps whole seconds when commits come between the steps in which a
    /// read begins.
    /// </summary>
    [Test]
    public async Task Nothing_is_read_while_a_commit_of_the_same_process_is_under_way()
    {
        await Append(Own, Revisions.None, Events(2));
        var commits = new Lock();
        using var reader = new ReadConnection(new SqliteStreamsSettings(File), new Unplaced(), commits);
        foreach (var read in new Action[]
        {
            () => Assert.That(reader.Page(Own, Direction.Forwards, 0, 10).Events, Has.Count.EqualTo(2)),
            () => Assert.That(reader.Page(Position.Start, [Own]).Events, Has.Count.EqualTo(2)),
            () => Assert.That(reader.Snapshot(Own), Is.Null),
            () => Assert.That(reader.DataVersion(), Is.Positive),
        })
        {
            Task begun;
            lock (commits) Assert.That((begun = Task.Run(read)).Wait(100), Is.False);
            await begun;
        }
    }

    [Test]
    public async Task The_log_begins_anew_beside_a_writer_who_never_rests()
    {
        const int logBytes = 4 << 20, eventBytes = 16 << 10;
        await using var busy = Another(logBytes: logBytes);
        var longest = 0L;
        for (var written = 0; written < 12 * logBytes; written += eventBytes)
        {
            await busy.Append($"{Own}{written}", Revisions.None, [Event("big") with { Data = new byte[eventBytes] }], Stop);
            longest = Math.Max(longest, new FileInfo(File + "-wal").Length);
        }
        Assert.That(longest, Is.LessThan(4L * logBytes), "the writer alone would let it grow further");
        Assert.That(longest, Is.GreaterThan(logBytes / 2), "else nothing was shown");
    }

    /// <summary>Holds the file's write lock while <paramref name="start"/> runs, so that what it starts must gather.</summary>
    private async Task<Task<Appended>[]> WhileLocked(Func<Task<Appended>[]> start)
    {
        await using var holder = Raw("BEGIN IMMEDIATE");
        var started = start();
        Execute(holder, "ROLLBACK");
        return started;
    }

    [Test]
    public async Task A_failed_insert_fails_the_append_cleanly_and_the_next_one_succeeds()
    {
        await Append(Own, Revisions.None, Events(1));
        await using var saboteur = Raw("CREATE TRIGGER full BEFORE INSERT ON events BEGIN SELECT RAISE(ABORT, 'no room'); END");
        var failed = Assert.CatchAsync<StreamsUnavailableException>(() => Append(Own, 0, Events(2)));
        Assert.That(failed!.OutcomeUnknown, Is.False);
        Assert.That(failed.InnerException, Is.TypeOf<SqliteException>());
        Assert.That(failed.Message, Does.Contain("no room"));
        Assert.That(await All(Own), Has.Count.EqualTo(1));
        Execute(saboteur, "DROP TRIGGER full");
        Assert.That((await Append(Own, 0, Events(2))).Revision, Is.EqualTo(2));
    }

    [Test]
    public async Task Nothing_of_a_failed_group_is_remembered()
    {
        await using var saboteur = Raw("""
            CREATE TRIGGER poison BEFORE INSERT ON events WHEN NEW.metadata = x'00' BEGIN SELECT RAISE(ABORT, 'poison'); END
            """);
        var fresh = Event("fresh", type: "never-stored-before.v1");
        Assert.CatchAsync<StreamsUnavailableException>(() => Append(Own, Revisions.None, fresh, fresh with { Metadata = new byte[1] }));
        await Append(Own, Revisions.None, fresh);
        Assert.That((await All(Own)).Select(item => (item.Revision, item.Type)), Is.EqualTo(new[] { (0L, "never-stored-before.v1") }));
    }

    [Test]
    public async Task A_failed_commit_leaves_the_outcome_open_and_the_same_append_settles_it()
    {
        // a deferred constraint is judged by COMMIT itself, the one place where the outcome is not known
        await using var saboteur = Raw("""
            CREATE TABLE parents(id INTEGER PRIMARY KEY);
            CREATE TABLE children(parent INTEGER REFERENCES parents(id) DEFERRABLE INITIALLY DEFERRED);
            CREATE TRIGGER orphan AFTER INSERT ON events BEGIN INSERT INTO children VALUES (1); END
            """);
        Assert.That(await Store.WriterSetting("foreign_keys"), Is.EqualTo("1"), "else nothing fails here");
        var events = Events(2);
        var failed = Assert.CatchAsync<StreamsUnavailableException>(() => Append(Own, Revisions.None, events));
        Assert.That(failed!.OutcomeUnknown, Is.True);
        Execute(saboteur, "DROP TRIGGER orphan");
        Assert.That((await Append(Own, Revisions.None, events)).Revision, Is.EqualTo(1));
        Assert.That(Ids(await All(Own)), Is.EqualTo(Ids(events)));
    }

    [Test]
    public async Task A_file_of_a_newer_version_is_refused_by_name()
    {
        await Store.DisposeAsync();
        await using (Raw("PRAGMA user_version = 99"))
        {
        }
        var refused = Assert.Catch<InvalidOperationException>(() => Another());
        Assert.That(refused!.Message, Does.Contain(File).And.Contain("99"));
    }

    [Test]
    public async Task Streams_that_fell_out_of_memory_are_found_again()
    {
        await using var forgetful = new SqliteStreams(new SqliteStreamsSettings(File) { RecentStreams = 2 }, TimeProvider.System);
        for (var i = 0; i < 30; i++)
            Assert.That((await forgetful.Append($"{Own}{i % 10}", i / 10 - 1, Events(1), Stop)).Revision, Is.EqualTo(i / 10));
        var seen = new List<StoredEvent>();
        await foreach (var batch in forgetful.Subscribe(Position.Start, [Own], Stop))
        {
            seen.AddRange(batch.Events);
            if (batch.CaughtUp)
                break;
        }
        Assert.That(seen.Select(item => item.Stream), Is.EqualTo(Enumerable.Range(0, 30).Select(i => $"{Own}{i % 10}")));
    }

    [Test]
    public async Task A_page_of_many_big_events_is_cut_and_nothing_is_lost()
    {
        for (var i = 0; i < 12; i++)
            await Append(Own, i - 1, Event("") with { Data = new byte[900_000] });
        Assert.That((await All(Own)).Select(item => item.Revision), Is.EqualTo(Enumerable.Range(0, 12).Select(i => (long)i)));
        var batches = new List<EventBatch>();
        await foreach (var batch in Streams.Subscribe(Position.Start, [Own], Stop))
        {
            batches.Add(batch);
            if (batch.CaughtUp)
                break;
        }
        Assert.That(batches.Sum(batch => batch.Events.Count), Is.EqualTo(12));
        Assert.That(batches.Max(batch => batch.Events.Count), Is.LessThan(6));
    }

    private sealed class Counted : IDisposable
    {
        private readonly MeterListener _listener = new();
        private readonly Dictionary<string, long> _sums = [];

        public Counted()
        {
            _listener.InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Meter.Name == "Metering.Streams")
                    listener.EnableMeasurementEvents(instrument);
            };
            _listener.SetMeasurementEventCallback<long>((instrument, value, _, _) =>
            {
                lock (_sums)
                    _sums[instrument.Name] = _sums.GetValueOrDefault(instrument.Name) + value;
            });
            _listener.Start();
        }

        public long this[string name]
        {
            get
            {
                lock (_sums)
                    return _sums.GetValueOrDefault(name);
            }
        }

        public void Dispose() => _listener.Dispose();
    }
}
