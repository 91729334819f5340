using System.Net;
using System.Text.Json.Nodes;
using Metering.BillingSync.Replaying;
using Metering.Kernel.Streams;
using Metering.Ledger.Accounts;
using Metering.Ledger.Stored;
using Metering.StripeSimulator;

namespace Metering.BillingSync.Tests.Webhooks;

/// <summary>A site that webhooks are delivered to, with plans and the simulator behind it. A result on a double: the simulator.</summary>
public abstract class WebhookTest
{
    public const string Key = "sk_test_webhooks";

    private readonly List<IAsyncDisposable> sites = [];

    internal MovedTime Time { get; } = new();
    internal BrokenStreams Streams { get; private set; } = null!;
    internal Simulator Simulator { get; private set; } = null!;
    internal WebhookSite Site { get; private set; } = null!;
    internal SimulatorAccount Account => Simulator.Account(Key);
    internal DateTimeOffset Now => Time.GetUtcNow();

    [SetUp]
    public async Task Start()
    {
        Streams = new BrokenStreams(new MemoryStreams(Time));
        Simulator = await Simulator.StartAsync(new SimulatorOptions { Time = Time });
        Site = await StartSite();
        foreach (var plan in new[] { "pro", "team", "max" }) await Site.Publish(plan);
    }

    [TearDown]
    public async Task Stop()
    {
        foreach (var site in sites) await site.DisposeAsync();
        await Simulator.DisposeAsync();
    }

    internal async Task<WebhookSite> StartSite(params (string Key, string Value)[] settings)
    {
        var site = await WebhookSite.Start(Streams, Time, Simulator.Address, settings);
        sites.Add(site);
        return site;
    }

    /// <summary>Delivers events one after the other; each is acknowledged.</summary>
    internal async Task Deliver(params JsonObject[] told)
    {
        foreach (var one in told) Assert.That(await Site.Deliver(one), Is.EqualTo(HttpStatusCode.OK));
    }

    /// <summary>What a user's ledger says of plan, credit and suspension.</summary>
    internal async Task<string> Ledger(string user = Told.User)
    {
        var told = new List<string?>();
        await foreach (var stored in Streams.Read(LedgerStreams.Of(user), Direction.Forwards, 0))
            told.Add(Text(LedgerEvents.Decode(stored.Type, stored.Data.Span)));
        return string.Join(", ", told.OfType<string>());
    }

    internal async Task<int> Length(string stream)
    {
        var length = 0;
        await foreach (var _ in Streams.Read(stream, Direction.Forwards, 0)) length++;
        return length;
    }

    private static string? Text(LedgerEvent happened) => happened switch
    {
        PlanAssigned e => $"{e.Plan.Id} for {e.StripeCustomer}",
        PlanEnded => "ended",
        CreditGranted e => $"{e.Amount} {e.Unit} by {e.Source}",
        Suspended => "suspended",
        Resumed => "resumed",
        _ => null,
    };
}
