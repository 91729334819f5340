using Metering.Kernel.Projecting;
using Metering.Kernel.ReadModels;
using Metering.Kernel.Streams;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging.Abstractions;

namespace Metering.Kernel.Tests.Projecting;

[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class ProjectorTests : IDisposable
{
    private static readonly DateTimeOffset Noon = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    private readonly CancellationTokenSource _stop = new(TimeSpan.FromSeconds(60));
    private readonly HurriedTime _time = new();
    private readonly FlakyStreams _streams = new(new MemoryStreams(TimeProvider.System));
    private readonly MemoryReadModel _model = new(new ReadModelSchema("words").With<Words>().With<EventCounts>());
    private readonly List<Task> _runs = [];
    private CancellationTokenSource _own = new();

    public void Dispose()
    {
        _own.Dispose();
        _stop.Dispose();
    }

    [TearDown]
    public Task StopProjectors() => StopAll();

    [Test]
    public async Task It_follows_what_was_there_and_what_comes()
    {
        await Say("in-a", "one", "two");
        await Say("out-a", "not ours");
        var projector = Start();
        await projector.WaitFor(await Say("in-b", "three"), _stop.Token);
        Assert.That(await Read("in-a"), Is.EqualTo("one two"));
        Assert.That(await Read("in-b"), Is.EqualTo("three"));
        Assert.That(await Read("out-a"), Is.Null);
        Assert.That(await Counts(), Is.EqualTo(new Dictionary<string, long> { ["said.v1"] = 3 }));
    }

    [Test]
    public async Task It_goes_on_from_the_checkpoint()
    {
        await Start().WaitFor(await Say("in-a", "one"), _stop.Token);
        await StopAll();
        await Start().WaitFor(await Say("in-a", "two"), _stop.Token);
        Assert.That(await Read("in-a"), Is.EqualTo("one two"), "nothing twice");
    }

    [Test]
    public async Task Events_of_other_streams_move_it_on()
    {
        var elsewhere = await Say("out-a", "not ours");
        await Start().WaitFor(elsewhere, _stop.Token);
        Assert.That(await _model.Checkpoint(_stop.Token), Is.EqualTo(elsewhere));
    }

    [Test]
    public async Task It_says_when_it_has_caught_up()
    {
        var projector = New();
        Assert.That((projector.Progress.CaughtUp, projector.Progress.Ready), Is.EqualTo((false, false)));
        Start(projector);
        await projector.WaitUntilCaughtUp(_stop.Token);
        Assert.That((projector.Progress.Ready, projector.Lag), Is.EqualTo((true, TimeSpan.Zero)), "an empty store is followed too");
    }

    [Test]
    public async Task A_store_out_of_reach_is_tried_again_with_pauses_that_double_up_to_the_longest()
    {
        _streams.Failures = 11;
        await Start().WaitFor(await Say("in-a", "one"), _stop.Token);
        Assert.That(await Read("in-a"), Is.EqualTo("one"));
        double[] seconds = [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 25.6, 30, 30];
        Assert.That(_time.Pauses.Select(pause => pause.TotalSeconds), Is.EqualTo(seconds));
    }

    [Test]
    public async Task An_event_it_does_not_know_stops_it_there_and_nothing_is_skipped()
    {
        await Say("in-a", "one");
        await _streams.Append("in-a", 0, [Event("two", "unheard.v9")], _stop.Token);
        await Say("in-b", "after");
        var projector = Start();
        await projector.WaitUntil(progress => progress.Error is not null, _stop.Token);
        Assert.That(projector.Progress.Error!.Message, Does.Contain("unheard.v9"));
        Assert.That((projector.Progress.Ready, projector.Progress.CaughtUp), Is.EqualTo((false, false)));
        Assert.That(await Read("in-a"), Is.Null, "the whole batch waits");
        Assert.That(await _model.Checkpoint(_stop.Token), Is.EqualTo(Position.Start));
    }

    [Test]
    public async Task Once_the_event_is_known_it_goes_on()
    {
        await _streams.Append("in-a", -1, [Event("one", "unheard.v9")], _stop.Token);
        var known = new HashSet<string> { "said.v1" };
        var projector = Start(New(known));
        await projector.WaitUntil(progress => progress.Error is not null, _stop.Token);
        lock (known)
            known.Add("unheard.v9");
        await projector.WaitUntil(progress => progress.Ready, _stop.Token);
        Assert.That(await Read("in-a"), Is.EqualTo("one"));
    }

    [Test]
    public async Task Two_of_one_read_model_take_every_event_once()
    {
        var (first, second) = (Start(), Start());
        var last = Position.Start;
        for (var i = 0; i < 200; i++)
            last = await Say($"in-{i % 7}", $"{i}");
        await Task.WhenAll(first.WaitFor(last, _stop.Token), second.WaitFor(last, _stop.Token));
        Assert.That((await Counts())["said.v1"], Is.EqualTo(200));
        Assert.That(await Read("in-3"), Is.EqualTo(string.Join(' ', Enumerable.Range(0, 200).Where(i => i % 7 == 3))));
    }

    [Test]
    public async Task Registered_it_runs_with_its_host_and_its_health_is_known()
    {
        var services = new ServiceCollection().AddLogging().AddSingleton<IEventStreams>(_streams).AddSingleton(TimeProvider.System);
        services.AddProjector(new ConfigurationBuilder().Build(), new ReadModelSchema("words").With<Words>(), _ => Projection(["said.v1"]));
        await using var provider = services.BuildServiceProvider();
        var health = provider.GetRequiredService<HealthCheckService>();
        Assert.That((await health.CheckHealthAsync()).Status, Is.EqualTo(HealthStatus.Unhealthy), "not caught up yet");
        var hosted = provider.GetServices<IHostedService>().ToArray();
        await Task.WhenAll(hosted.Select(service => service.StartAsync(_stop.Token)));
        await provider.GetRequiredKeyedService<Projector>("words").WaitUntilCaughtUp(_stop.Token);
        Assert.That((await health.CheckHealthAsync()).Status, Is.EqualTo(HealthStatus.Healthy));
        await Task.WhenAll(hosted.Select(service => service.StopAsync(default)));
        Assert.That(provider.GetRequiredKeyedService<IGenerations>("words"), Is.TypeOf<MemoryGenerations>());
    }

    [TestCase("paper", "ReadModels is 'paper'; expected memory or a PostgreSQL connection string")]
    [TestCase("Host=db;Databse=metering;Password=secret", "ReadModels is no connection string")]
    [TestCase("Host=db;Port=many;Database=metering", "ReadModels is no connection string")]
    [TestCase("Database=metering", "ReadModels names no Host")]
    [TestCase("Host=db;Username=metering", "ReadModels names no Database")]
    public void A_setting_that_names_no_adapter_is_refused_and_no_password_repeated(string setting, string message)
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?> { ["ReadModels"] = setting }).Build();
        Assert.That(
            () => ReadModelsRegistration.Open(configuration, new ReadModelSchema("words")),
            Throws.InvalidOperationException.With.Message.Contains(message).And.Message.Not.Contains("secret"));
    }

    private Projector New(HashSet<string>? known = null) =>
        new(Projection(known ?? ["said.v1"]), _model, _streams, _time, NullLogger<Projector>.Instance);

    private Projector Start() => Start(New());

    private Projector Start(Projector projector)
    {
        _runs.Add(projector.Run(_own.Token));
        return projector;
    }

    private async Task StopAll()
    {
        await _own.CancelAsync();
        await Task.WhenAll(_runs);
        _runs.Clear();
        _own.Dispose();
        _own = new CancellationTokenSource();
    }

    private static NewEvent Event(string text, string type = "said.v1") =>
        new(Guid.CreateVersion7(Noon), type, System.Text.Encoding.UTF8.GetBytes(text), ReadOnlyMemory<byte>.Empty);

    private async Task<Position> Say(string stream, params string[] words)
    {
        var last = -1L;
        await foreach (var one in _streams.Read(stream, Direction.Backwards, Revisions.End, 1))
            last = one.Revision;
        return (await _streams.Append(stream, last, [.. words.Select(word => Event(word))], _stop.Token)).Position;
    }

    private async Task<string?> Read(string stream) => (await _model.Load<Words>([stream], _stop.Token)).GetValueOrDefault(stream)?.Text;

    private async Task<IReadOnlyDictionary<string, long>> Counts() =>
        (await _model.Load<EventCounts>(["words"], _stop.Token))["words"].ByType;

    /// <summary>What was said per stream.</summary>
    private static Projection Projection(HashSet<string> known) => new(["in-"], async (events, model, cancellation) =>
    {
        var words = (await model.Load<Words>([.. events.Select(said => said.Stream).Distinct()], cancellation)).ToDictionary();
        foreach (var said in events)
            words[said.Stream] = Plus(words.GetValueOrDefault(said.Stream), said, known);
        return [.. words.Values];
    });

    private static Words Plus(Words? before, StoredEvent said, HashSet<string> known)
    {
        lock (known)
            if (!known.Contains(said.Type))
                throw new InvalidOperationException($"unknown event type {said.Type}");
        var word = System.Text.Encoding.UTF8.GetString(said.Data.Span);
        return new Words(said.Stream, before is null ? word : $"{before.Text} {word}");
    }

    private sealed record Words(string Id, string Text) : IDocument;
}
