using Metering.BillingSync.Sending;
using Metering.Kernel.Streams;
using Metering.StripeSimulator;

namespace Metering.BillingSync.Tests;

/// <summary>The simulator over real HTTP, Stripe.net in front of it, streams in memory, and a clock that nobody waits for.</summary>
public abstract class SimulatedStripe
{
    private readonly List<IAsyncDisposable> processes = [];

    internal HurriedTime Time { get; } = new(BillingSpec.Now);
    internal MemoryStreams Streams { get; private set; } = null!;
    internal Simulator Simulator { get; private set; } = null!;
    internal StripeOptions Options { get; private set; } = null!;
    internal SimulatorAccount Account => Simulator.Account(Options.ApiKey);

    private protected virtual SimulatorOptions Simulation => new() { AnyCustomer = true };

    [SetUp]
    public async Task StartSimulator()
    {
        Streams = new MemoryStreams(Time);
        Simulator = await Simulator.StartAsync(Simulation with { Time = Time });
        Options = new StripeOptions { ApiKey = "sk_test_sync", ApiBase = Simulator.Address.GetLeftPart(UriPartial.Authority), RequestsPerSecond = 0 };
        Account.AddMeter(BillingSpec.Meter);
    }

    [TearDown]
    public async Task StopSimulator()
    {
        foreach (var process in processes) await process.DisposeAsync();
        await Simulator.DisposeAsync();
    }

    internal Task<SyncProcess> StartProcess(StripeOptions? options = null, BillingOptions? billing = null)
    {
        var process = new SyncProcess(Streams, new StripeMeters(options ?? Options), options ?? Options, Time, billing);
        processes.Add(process);
        return process.Start();
    }

    internal string Total(string customer = BillingSpec.Customer) => Account.Total(BillingSpec.Meter, customer).ToString();
}
