using Metering.Kernel.Deciding;
using Metering.Kernel.Streams;
using Microsoft.Extensions.Logging.Abstractions;

namespace Metering.Kernel.Tests.Deciding;

public sealed class DecisionRunnerTests
{
    private static readonly Caller Someone = new("tests", null);

    private MemoryStreams memory = null!;
    private TroubledStreams streams = null!;
    private Counting model = null!;
    private DecisionRunner<Count, CountCommand, CountAnswer> runner = null!;

    [SetUp]
    public void Start()
    {
        memory = new MemoryStreams(TimeProvider.System);
        streams = new TroubledStreams(memory);
        model = new Counting();
        runner = Runner(new RunnerOptions());
    }

    [Test]
    public async Task What_gathers_behind_an_append_goes_into_the_next_one()
    {
        streams.Hold();
        var first = Add(1);
        await streams.Arrived.Task;
        var rest = Enumerable.Range(0, 200).Select(_ => Add(1)).ToArray();
        streams.LetGo();
        await Task.WhenAll(rest);
        Assert.That((await first).Sum, Is.EqualTo(1));
        Assert.That(rest.Select(added => added.Result.Sum), Is.EqualTo(Enumerable.Range(2, 200)));
        Assert.That(streams.Appends, Is.EqualTo(2));
    }

    [Test]
    public async Task No_answer_leaves_before_what_it_saw_is_durable()
    {
        streams.Hold();
        var added = Add(1);
        await streams.Arrived.Task;
        var (more, denied, read) = (Add(1), Add(9, limit: 5), Add(0));
        Assert.That(new[] { added, more, denied, read }.Any(task => task.IsCompleted), Is.False);
        streams.LetGo();
        await Task.WhenAll(added, more, denied, read);
        Assert.That(denied.Result, Is.EqualTo(new CountAnswer(false, 2)));
        Assert.That(read.Result, Is.EqualTo(new CountAnswer(true, 2)));
    }

    [Test]
    public async Task Several_instances_never_pass_a_limit_and_lose_nothing([Values(2, 3)] int instances)
    {
        var runners = Enumerable.Range(0, instances).Select(_ => Runner(new RunnerOptions { Attempts = 1_000 })).ToArray();
        var answers = await Task.WhenAll(Enumerable.Range(0, 64 * instances)
            .Select(i => runners[i % instances].Handle("one", new CountCommand(75, 500), Someone, default)));
        Assert.That(answers.Count(answer => answer.Allowed), Is.EqualTo(6));
        Assert.That(await Stored("one"), Has.Count.EqualTo(6));
    }

    [Test]
    public async Task A_lost_answer_is_settled_by_the_identical_append()
    {
        streams.AnswersToLose = 2;
        Assert.That(await Add(7), Is.EqualTo(new CountAnswer(true, 7)));
        Assert.That(await Stored("one"), Has.Count.EqualTo(1));
        Assert.That(streams.Appends, Is.EqualTo(3));
    }

    [Test]
    public async Task When_the_outcome_stays_unknown_callers_are_told_and_the_next_command_sees_the_truth()
    {
        streams.AnswersToLose = 10;
        Assert.ThrowsAsync<StreamsUnavailableException>(() => Add(7));
        streams.AnswersToLose = 0;
        Assert.That(await Add(1), Is.EqualTo(new CountAnswer(true, 8)));
        Assert.That(await Stored("one"), Has.Count.EqualTo(2));
    }

    [Test]
    public async Task While_the_store_is_away_callers_are_told_at_once_and_then_it_goes_on()
    {
        await Add(1);
        streams.IsAway = true;
        Assert.ThrowsAsync<StreamsUnavailableException>(() => Add(1));
        Assert.ThrowsAsync<StreamsUnavailableException>(() => Add(0));
        streams.IsAway = false;
        Assert.That(await Add(1), Is.EqualTo(new CountAnswer(true, 2)));
    }

    [Test]
    public async Task Before_denying_an_instance_makes_sure_that_its_state_is_current()
    {
        var other = Runner(new RunnerOptions());
        await Add(5);
        await other.Handle("one", new CountCommand(-4), Someone, default);
        Assert.That(await Add(3, limit: 5), Is.EqualTo(new CountAnswer(true, 4)));
    }

    [Test]
    public async Task A_denial_appends_nothing()
    {
        await Add(5);
        Assert.That(await Add(1, limit: 5), Is.EqualTo(new CountAnswer(false, 5)));
        Assert.That(await Stored("one"), Has.Count.EqualTo(1));
    }

    [Test]
    public async Task More_than_may_wait_is_refused_at_once()
    {
        runner = Runner(new RunnerOptions { WaitingMost = 2 });
        streams.Hold();
        var first = Add(1);
        await streams.Arrived.Task;
        var (second, third) = (Add(1), Add(1));
        Assert.ThrowsAsync<OverloadedException>(() => Add(1));
        streams.LetGo();
        await Task.WhenAll(first, second, third);
        Assert.That(await Stored("one"), Has.Count.EqualTo(3));
    }

    [Test]
    public async Task A_caller_that_gave_up_while_waiting_is_not_served()
    {
        using var givesUp = new CancellationTokenSource();
        streams.Hold();
        var first = Add(1);
        await streams.Arrived.Task;
        var second = runner.Handle("one", new CountCommand(10), Someone, givesUp.Token);
        await givesUp.CancelAsync();
        Assert.CatchAsync<OperationCanceledException>(() => second);
        streams.LetGo();
        await first;
        Assert.That((await Add(0)).Sum, Is.EqualTo(1));
    }

    [Test]
    public async Task A_command_that_cannot_be_decided_fails_alone()
    {
        streams.Hold();
        var first = Add(1);
        await streams.Arrived.Task;
        var (good, bad, better) = (Add(1), runner.Handle("one", new CountCommand(1, Explodes: true), Someone, default), Add(1));
        streams.LetGo();
        await Task.WhenAll(first, good, better);
        Assert.ThrowsAsync<InvalidOperationException>(() => bad);
        Assert.That((await Add(0)).Sum, Is.EqualTo(3));
    }

    [Test]
    public async Task A_batch_stays_below_the_size_limit()
    {
        runner = Runner(new RunnerOptions { BatchBytesMost = 1_000 });
        streams.Hold();
        var first = Add(1);
        await streams.Arrived.Task;
        var rest = Enumerable.Range(0, 10).Select(_ => runner.Handle("one", new CountCommand(1, Bytes: 500), Someone, default)).ToArray();
        streams.LetGo();
        await Task.WhenAll(rest);
        Assert.That(await Stored("one"), Has.Count.EqualTo(11));
        Assert.That(streams.Appends, Is.EqualTo(1 + 5));
        await first;
    }

    [Test]
    public async Task A_stream_put_out_of_memory_comes_back_from_its_snapshot()
    {
        runner = Runner(new RunnerOptions { StreamsCached = 1, SnapshotEvery = 10 });
        for (var i = 0; i < 25; i++) await Add(1);
        await runner.Handle("two", new CountCommand(1), Someone, default);
        await runner.Handle("three", new CountCommand(1), Someone, default);
        var folded = model.Folded;
        Assert.That((await Add(1)).Sum, Is.EqualTo(26));
        Assert.That(model.Folded - folded, Is.EqualTo(5), "the last snapshot was taken after 20");
    }

    [Test, CancelAfter(60_000)]
    public async Task A_stream_put_out_of_memory_leaves_a_snapshot_and_nobody_waits_for_it(CancellationToken cancellation)
    {
        var held = new TaskCompletionSource();
        streams.SnapshotsWaitFor = held.Task;
        runner = Runner(new RunnerOptions { StreamsCached = 1, SnapshotOnEviction = 25 });
        for (var i = 0; i < 25; i++) await Add(1);
        await runner.Handle("two", new CountCommand(1), Someone, default);
        Assert.That(await memory.LoadSnapshot("one", default), Is.Null);
        held.SetResult();
        await streams.SnapshotSaved.Task.WaitAsync(cancellation);
        Assert.That((await memory.LoadSnapshot("one", default))?.Revision, Is.EqualTo(24));
        var folded = model.Folded;
        Assert.That((await Add(1)).Sum, Is.EqualTo(26));
        Assert.That(model.Folded - folded, Is.Zero, "all of it is in the snapshot");
    }

    [Test]
    public async Task A_snapshot_that_cannot_be_read_costs_time_never_truth()
    {
        model.SavesRubbish = true;
        runner = Runner(new RunnerOptions { SnapshotEvery = 10 });
        for (var i = 0; i < 15; i++) await Add(1);
        Assert.That(model.Saved, Is.EqualTo(1));
        runner = Runner(new RunnerOptions());
        Assert.That((await Add(1)).Sum, Is.EqualTo(16));
    }

    [Test]
    public async Task Every_event_says_who_asked_by_which_command_in_which_trace()
    {
        var command = new CountCommand(3);
        await runner.Handle("one", command, new Caller("chat", "trace-1"), default);
        var metadata = EventMetadata.Decode((await Stored("one"))[0].Metadata.Span);
        Assert.That(metadata with { Hash = null }, Is.EqualTo(new EventMetadata("chat", command.Id, "trace-1")));
    }

    private Task<CountAnswer> Add(long amount, long limit = long.MaxValue) =>
        runner.Handle("one", new CountCommand(amount, limit), Someone, default);

    private DecisionRunner<Count, CountCommand, CountAnswer> Runner(RunnerOptions options)
    {
        options.ResendAfter = TimeSpan.FromMilliseconds(1);
        return new(streams, model, options, TimeProvider.System, NullLogger.Instance);
    }

    private async Task<List<StoredEvent>> Stored(string stream)
    {
        var all = new List<StoredEvent>();
        await foreach (var stored in memory.Read(stream, Direction.Forwards, 0)) all.Add(stored);
        return all;
    }
}
