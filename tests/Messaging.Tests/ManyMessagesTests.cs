using MassTransit;
using Metering.Kernel.Messaging;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Metering.Messaging.Tests;

public sealed record Page(string Text);

/// <summary>A consumer that counts, and weighs the process now and then.</summary>
public sealed class Slow(Slow.Scale scale) : IConsumer<Page>
{
    public sealed class Scale(int expected)
    {
        private readonly Lock gate = new();
        private int taken;
        private int atOnce;

        public TaskCompletionSource All { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
        public int MostAtOnce { get; private set; }
        public long Heaviest { get; private set; }

        public async Task Take()
        {
            lock (gate) MostAtOnce = Math.Max(MostAtOnce, ++atOnce);
            await Task.Yield();
            lock (gate)
            {
                atOnce--;
                if (++taken % 1_000 == 0) Heaviest = Math.Max(Heaviest, GC.GetTotalMemory(true));
                if (taken == expected) All.SetResult();
            }
        }
    }

    public Task Consume(ConsumeContext<Page> context) => scale.Take();
}

public sealed class SlowDefinition : ConsumerDefinition<Slow>
{
    public SlowDefinition() => (EndpointName, ConcurrentMessageLimit) = ("slow", 16);
}

/// <summary>A burst: what the broker holds, the process need not.</summary>
[NonParallelizable]
public sealed class ManyMessagesTests
{
    private const int Pages = 10_000;
    private const int PageSize = 8_192;

    [SetUp, TearDown]
    public Task Clear() => Broker.Clear();

    [Test]
    public async Task Ten_thousand_messages_pass_in_little_memory()
    {
        using var stop = new CancellationTokenSource(TimeSpan.FromSeconds(120));
        var scale = new Slow.Scale(Pages);
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Logging.ClearProviders();
        builder.Configuration["Bus"] = Broker.Address;
        builder.Services.AddSingleton(scale).AddBus(builder.Configuration, bus => bus.AddConsumer<Slow, SlowDefinition>());
        using var host = builder.Build();
        await host.StartAsync(stop.Token);
        await host.Services.GetRequiredService<IBusControl>().WaitForHealthStatus(BusHealthStatus.Healthy, stop.Token);
        var before = GC.GetTotalMemory(true);
        await PublishAll(host.Services.GetRequiredService<IBus>(), stop.Token);
        await scale.All.Task.WaitAsync(stop.Token);
        Assert.That(scale.MostAtOnce, Is.LessThanOrEqualTo(16));
        Assert.That(scale.Heaviest - before, Is.LessThan(16 << 20), "of 80 MB that passed, twice over on the wire");
        await host.StopAsync(stop.Token);
    }

    private static Task PublishAll(IBus bus, CancellationToken stop)
    {
        var text = new string('x', PageSize);
        return Parallel.ForEachAsync(
            Enumerable.Range(0, Pages), new ParallelOptions { MaxDegreeOfParallelism = 64, CancellationToken = stop },
            async (number, each) => await bus.PublishConfirmed(
                new Page(text), new Guid(number, 0, 0, new byte[8]), wanted: true, TimeProvider.System, each));
    }
}
