using System.Threading.Channels;
using MassTransit;
using Metering.Kernel.Messaging;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Metering.Messaging.Tests;

public sealed record Note(int Number);

/// <summary>A consumer that refuses until it is told otherwise.</summary>
public sealed class Picky(Picky.Mood mood) : IConsumer<Note>
{
    public sealed class Mood
    {
        private int refused;

        public bool Accepts { get; set; }
        public int Refused => refused;
        public Channel<int> Taken { get; } = Channel.CreateUnbounded<int>();

        public void Refuse() => Interlocked.Increment(ref refused);
    }

    public Task Consume(ConsumeContext<Note> context)
    {
        if (mood.Accepts) return mood.Taken.Writer.WriteAsync(context.Message.Number).AsTask();
        mood.Refuse();
        throw new InvalidOperationException("not today");
    }
}

public sealed class PickyDefinition : ConsumerDefinition<Picky>
{
    public PickyDefinition() => (EndpointName, ConcurrentMessageLimit) = ("picky", 1);

    protected override void ConfigureConsumer(
        IReceiveEndpointConfigurator endpoint, IConsumerConfigurator<Picky> consumer, IRegistrationContext context) =>
        consumer.UseMessageRetry(retry => retry.Intervals(1, 2));
}

/// <summary>Messages that fail, their queue, and their way back.</summary>
[NonParallelizable]
public sealed class ErrorQueueTests
{
    private const int Notes = 5;

    private readonly Picky.Mood mood = new();
    private CancellationTokenSource stop = null!;
    private IHost host = null!;
    private ErrorQueue errors = null!;

    [OneTimeSetUp]
    public async Task Begin()
    {
        stop = new(TimeSpan.FromSeconds(60));
        await Broker.Clear();
        errors = new ErrorQueue(Broker.Parsed, "picky");
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Logging.ClearProviders();
        builder.Configuration["Bus"] = Broker.Address;
        builder.Services.AddSingleton(mood).AddSingleton(TimeProvider.System)
            .AddBus(builder.Configuration, bus => bus.AddConsumer<Picky, PickyDefinition>());
        host = builder.Build();
        await host.StartAsync();
        await host.Services.GetRequiredService<IBusControl>().WaitForHealthStatus(BusHealthStatus.Healthy, stop.Token);
        for (var i = 1; i <= Notes; i++) await Publish(i);
    }

    [OneTimeTearDown]
    public async Task End()
    {
        if (host is null) return;
        await host.StopAsync();
        host.Dispose();
        errors.Dispose();
        stop.Dispose();
        await Broker.Clear();
    }

    [Test, Order(1)]
    public async Task What_fails_a_few_times_lies_in_the_error_queue_in_order()
    {
        Assert.That(Numbers(await Listed(Notes)), Is.EqualTo(new[] { 1, 2, 3, 4, 5 }));
        Assert.That(mood.Refused, Is.EqualTo(3 * Notes));
        Assert.That(Numbers((await errors.List(2, 2, stop.Token)).Messages), Is.EqualTo(new[] { 3, 4 }));
        Assert.That((await errors.List(Notes, 2, stop.Token)).Messages, Is.Empty);
        var (messages, _) = await errors.List(0, 1, stop.Token);
        Assert.That(messages.Single(), Has.Property("Error").EqualTo("not today").And.Property("Attempts").EqualTo(3));
        Assert.That(messages.Single(), Has.Property("Type").EqualTo("Note").And.Property("Id").EqualTo(IdOf(1).ToString()));
    }

    [Test, Order(1)]
    public async Task Both_queues_are_durable_quorum_queues_that_drop_nothing()
    {
        // the broker refuses a declaration that differs from what is there
        Assert.That(async () => await Broker.DeclareQuorum("picky"), Throws.Nothing);
        await Listed(Notes);
        Assert.That(async () => await Broker.DeclareQuorum("picky_error"), Throws.Nothing);
    }

    [Test, Order(2)]
    public async Task Looking_however_often_and_at_how_many_changes_nothing()
    {
        for (var i = 0; i < 30; i++)
        {
            var (some, total) = await errors.List(0, 1 + (i % Notes), stop.Token);
            Assert.That((total, some.Count), Is.EqualTo((Notes, 1 + (i % Notes))));
        }
        Assert.That(Numbers(await Listed(Notes)), Is.EqualTo(new[] { 1, 2, 3, 4, 5 }));
    }

    [Test, Order(3)]
    public async Task One_message_is_returned_by_its_id_and_the_others_stay()
    {
        mood.Accepts = true;
        Assert.That(await errors.Return($"{IdOf(3)}", stop.Token), Is.EqualTo(1));
        Assert.That(await mood.Taken.Reader.ReadAsync(stop.Token), Is.EqualTo(3));
        Assert.That(Numbers(await Listed(Notes - 1)), Is.EqualTo(new[] { 1, 2, 4, 5 }));
        Assert.That(await errors.Return($"{IdOf(9)}", stop.Token), Is.Zero);
    }

    [Test, Order(4)]
    public async Task All_are_returned()
    {
        Assert.That(await errors.Return(null, stop.Token), Is.EqualTo(Notes - 1));
        for (var i = 0; i < Notes - 1; i++) Assert.That(await mood.Taken.Reader.ReadAsync(stop.Token), Is.EqualTo(new[] { 1, 2, 4, 5 }[i]));
        Assert.That((await errors.List(0, 10, stop.Token)).Total, Is.Zero);
    }

    [Test, Order(5)]
    public async Task A_return_that_breaks_on_the_way_loses_nothing()
    {
        const int many = 200;
        mood.Accepts = false;
        for (var i = 1; i <= many; i++) await Publish(i);
        await Listed(many);
        mood.Accepts = true;

        await using var wire = new Wire(Broker.Parsed);
        using var overTheWire = new ErrorQueue(Broker.Parse(wire.Address), "picky");
        var returning = overTheWire.Return(null, stop.Token);
        var taken = new HashSet<int> { await mood.Taken.Reader.ReadAsync(stop.Token) };
        wire.Cut();
        Assert.ThrowsAsync<BusUnavailableException>(() => returning);

        // what the broken connection held is back once the broker has noticed
        while (taken.Count < many)
        {
            await errors.Return(null, stop.Token);
            while (mood.Taken.Reader.TryRead(out var one)) taken.Add(one);
        }
        Assert.That(taken, Is.EquivalentTo(Enumerable.Range(1, many)));
    }

    [Test, Order(6)]
    public void A_message_that_no_queue_would_take_is_not_published()
    {
        var refused = Assert.ThrowsAsync<BusUnavailableException>(() => host.Services.GetRequiredService<IBus>()
            .PublishConfirmed(new Page("nobody"), IdOf(1), wanted: true, TimeProvider.System, stop.Token))!;
        Assert.That(refused.Message, Does.Contain("no queue takes Page"));
    }

    [Test, Order(7)]
    public void A_broker_that_is_away_is_named_without_its_password()
    {
        using var nowhere = new ErrorQueue(Broker.Parse("amqp://ann:secret@127.0.0.1:1/"), "picky");
        var away = Assert.ThrowsAsync<BusUnavailableException>(() => nowhere.List(0, 1, stop.Token))!;
        Assert.That(away.Message, Does.Contain("amqp://127.0.0.1:1/").And.Not.Contain("secret"));
    }

    private static Guid IdOf(int number) => new(number, 0, 0, new byte[8]);

    private Task Publish(int number) => host.Services.GetRequiredService<IBus>()
        .PublishConfirmed(new Note(number), IdOf(number), wanted: true, TimeProvider.System, stop.Token);

    // the error queue is told of nobody, so it is looked at until all are there
    private async Task<IReadOnlyList<FailedMessage>> Listed(int count)
    {
        while (true)
        {
            var (messages, total) = await errors.List(0, 100, stop.Token);
            if (total >= count) return messages;
        }
    }

    private static IEnumerable<int> Numbers(IEnumerable<FailedMessage> messages) =>
        messages.Select(message => message.Content.GetProperty("number").GetInt32());
}
