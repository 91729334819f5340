using System.Net;
using System.Text.Json.Nodes;
using Metering.BillingSync.Webhooks;
using Metering.Kernel.Streams;
using Metering.Ledger.Accounts;
using Metering.Ledger.Stored;
using Metering.StripeSimulator;
using Microsoft.Extensions.DependencyInjection;

namespace Metering.BillingSync.Tests.Webhooks;

/// <summary>A site that webhooks are delivered to, with plans and the simulator behind it. A result on a double: the simulator.</summary>
public abstract class WebhookTest
{
    public const string Key = "sk_test_webhooks";

    /// <summary>How long something is waited for that is to come.</summary>
    internal static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

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

    internal Task<WebhookSite> StartSite(params (string Key, string Value)[] settings) => StartSite(0, settings);

    internal async Task<WebhookSite> StartSite(int port, params (string Key, string Value)[] settings)
    {
        var site = await WebhookSite.Start(Streams, Time, Simulator.Address, port, settings);
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

    /// <summary>Completes once a site's view has all that a stream has.</summary>
    internal async Task Seen(WebhookSite site, string stream)
    {
        await foreach (var last in Streams.Read(stream, Direction.Backwards, Revisions.End, 1))
            await site.Services.GetRequiredService<StripeView>().WaitFor(last.Position, CancellationToken.None).WaitAsync(Patience);
    }

    /// <summary>Completes once so many steps are settled, whoever did them.</summary>
    internal async Task Settled(int steps)
    {
        using var patience = new CancellationTokenSource(Patience);
        await foreach (var batch in Streams.Subscribe(Position.Start, [StripeModel.Prefix], patience.Token))
        {
            steps -= batch.Events.Count(stored => StoredFacts.Decode(stored.Type, stored.Data.Span) is StepSettled);
            if (steps <= 0) return;
        }
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
