using System.Net;
using Grpc.Core;
using Grpc.Net.Client;
using MassTransit;
using Metering.BillingSync.Ops;
using Metering.Contracts.Messages;
using Metering.Kernel.Messaging;
using Metering.Kernel.Streams;
using Metering.StripeSimulator;
using Metering.V1;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Fault = Metering.StripeSimulator.Fault;
using GroupTotal = Metering.Contracts.Messages.GroupTotal;
using Reporting = Metering.Contracts.Messages.Reporting;

namespace Metering.BillingSync.Tests;

/// <summary>The service as a host runs it: messages on a bus, gRPC over a real connection, the simulator behind. A result on a double: the simulator.</summary>
public sealed class HostTests
{
    private const string Key = "sk_test_host";
    private readonly DateTimeOffset now = TimeProvider.System.GetUtcNow();
    private Simulator simulator = null!;
    private WebApplication app = null!;
    private GrpcChannel channel = null!;
    private BillingOps.BillingOpsClient ops = null!;

    [SetUp]
    public async Task Start()
    {
        simulator = await Simulator.StartAsync(new SimulatorOptions { AnyCustomer = true });
        simulator.Account(Key).AddMeter("tokens");
        app = Build(("Stripe:ApiKey", Key), ("Stripe:ApiBase", simulator.Address.GetLeftPart(UriPartial.Authority)), ("Stripe:RequestsPerSecond", "0"));
        app.MapBillingSync();
        await app.StartAsync();
        channel = GrpcChannel.ForAddress(app.Urls.Single());
        ops = new(channel);
    }

    [TearDown]
    public async Task Stop()
    {
        channel.Dispose();
        await app.DisposeAsync();
        await simulator.DisposeAsync();
    }

    [Test]
    public void Nothing_is_told_to_the_vendor_of_the_bus() =>
        Assert.That(app.Services.GetRequiredService<IOptions<UsageTelemetryOptions>>().Value.Enabled, Is.False);

    [Test]
    public async Task Messages_become_reports_that_operators_can_list()
    {
        await Publish(Ended("ann", 700));
        await Publish(Ended("ann", 700));
        await Publish(Closed("ann", 650));
        await Publish(Ended("bob", 40) with { StripeCustomer = null });
        await Reached("ann", 6);
        await Reached("bob", 1);

        var reply = await ops.ListReportsAsync(new ListReportsRequest());
        Assert.That(
            reply.Reports.Select(report => (report.User, report.Value, report.State, report.HasStripeCustomer)),
            Is.EqualTo(new[]
            {
                ("ann", 700L, ReportState.Accepted, true), ("ann", -50L, ReportState.Accepted, true), ("bob", 40L, ReportState.Unlinked, false),
            }));
        Assert.That(simulator.Account(Key).Total("tokens", "cus_ann").ToString(), Is.EqualTo("650"));
    }

    [Test]
    public async Task Totals_are_per_Stripe_meter()
    {
        await Publish(Ended("ann", 700));
        await Publish(Ended("bob", 40) with { StripeCustomer = null });
        await Publish(Ended("eve", 5, "unknown"));
        await Reached("ann", 3);
        await Reached("bob", 1);
        await Reached("eve", 3);

        var all = await ops.GetTotalsAsync(new GetTotalsRequest());
        Assert.That(all.Totals, Is.EqualTo(new[]
        {
            new StripeMeterTotal { StripeMeter = "tokens", Reports = 2, Reported = 740, Accepted = 700, Unlinked = 40 },
            new StripeMeterTotal { StripeMeter = "unknown", Reports = 1, Rejected = 5 },
        }));
        var bob = await ops.GetTotalsAsync(new GetTotalsRequest { User = "bob" });
        Assert.That(bob.Totals.Single().Reported, Is.EqualTo(40));
    }

    [Test]
    public async Task Pages_follow_each_other_without_gap_or_repeat()
    {
        foreach (var user in new[] { "c", "a", "b" })
        {
            await Publish(Ended(user, 700));
            await Publish(Closed(user, 650));
        }
        foreach (var user in new[] { "a", "b", "c" }) await Reached(user, 6);

        Assert.That(await Pages(new ListReportsRequest { PageSize = 4 }), Is.EqualTo(new[] { "a700 a-50 b700 b-50", "c700 c-50" }));
        Assert.That(await Pages(new ListReportsRequest { PageSize = 1, User = "b" }), Is.EqualTo(new[] { "b700", "b-50" }));
        Assert.That(await Pages(new ListReportsRequest { State = ReportState.Rejected }), Is.EqualTo(new[] { "" }));
        Assert.That(await Pages(new ListReportsRequest { User = "nobody" }), Is.EqualTo(new[] { "" }));
    }

    [TestCase("user", "a b", 0, 0, "")]
    [TestCase("user", "", 0, 0, "")]
    [TestCase("page_size", "ann", 1001, 0, "")]
    [TestCase("page_size", "ann", -1, 0, "")]
    [TestCase("state", "ann", 0, 99, "")]
    [TestCase("page_token", "ann", 0, 0, "x")]
    [TestCase("page_token", "ann", 0, 0, "eA==")]
    public void A_malformed_request_is_told_what_was_expected(string field, string user, int pageSize, int state, string token)
    {
        var request = new ListReportsRequest { User = user, PageSize = pageSize, State = (ReportState)state, PageToken = token };
        var refusal = Assert.ThrowsAsync<RpcException>(async () => await ops.ListReportsAsync(request))!;
        var error = Error.Parser.ParseFrom(refusal.Trailers.GetValueBytes("metering-error-bin"));
        Assert.That((refusal.StatusCode, error.Field), Is.EqualTo((StatusCode.InvalidArgument, field)));
        Assert.That(error.Expected, Is.Not.Empty);
    }

    [Test]
    public async Task A_key_that_Stripe_refuses_turns_readiness_red()
    {
        await app.Services.GetRequiredService<BillingFollower>().Resumed;
        Assert.That(await Health(), Is.EqualTo(HealthStatus.Healthy));
        simulator.Faults.Add(new Fault(FaultKind.Answer) { Status = (int)HttpStatusCode.Unauthorized });
        await Publish(Ended("ann", 700));
        await Reached("ann", 3);
        await app.Services.GetRequiredService<Sending.ReportSender>().WhenIdle();
        Assert.That(await Health(), Is.EqualTo(HealthStatus.Unhealthy));
    }

    [TestCase("Stripe:ApiKey", "")]
    [TestCase("Stripe:ApiKey", "sk_test_ x")]
    [TestCase("Stripe:ApiBase", "stripe")]
    [TestCase("Stripe:ApiBase", "http://stripe.example")]
    [TestCase("Stripe:RequestsPerSecond", "-1")]
    [TestCase("Stripe:Concurrency", "0")]
    [TestCase("Stripe:Timeout", "00:00:00")]
    [TestCase("Stripe:RetryAfter", "00:00:00")]
    public async Task A_setting_that_cannot_work_is_refused_at_start(string setting, string value)
    {
        await using var other = Build(("Stripe:ApiKey", Key), (setting, value));
        var refusal = Assert.ThrowsAsync<OptionsValidationException>(() => other.StartAsync())!;
        Assert.That(refusal.Message, Does.Contain(setting));
    }

    private static WebApplication Build(params (string Key, string Value)[] settings)
    {
        var builder = WebApplication.CreateSlimBuilder();
        foreach (var (key, value) in settings) builder.Configuration[key] = value;
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http2));
        builder.Services.AddSingleton<IEventStreams>(new MemoryStreams(TimeProvider.System)).AddBillingSync(builder.Configuration);
        builder.Services.AddBus(builder.Configuration, bus => bus.AddBillingSyncConsumers());
        return builder.Build();
    }

    private Task Publish<T>(T message) where T : class => app.Services.GetRequiredService<IBus>().Publish(message);

    private Task Reached(string user, long revision) =>
        app.Services.GetRequiredService<BillingView>().WaitFor(user, revision, CancellationToken.None).WaitAsync(TimeSpan.FromSeconds(20));

    private async Task<HealthStatus> Health() => (await app.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync()).Entries["billing-sync"].Status;

    private async Task<List<string>> Pages(ListReportsRequest request)
    {
        var pages = new List<string>();
        do
        {
            var reply = await ops.ListReportsAsync(request);
            pages.Add(string.Join(' ', reply.Reports.Select(report => $"{report.User}{report.Value}")));
            request.PageToken = reply.NextPageToken;
        }
        while (request.PageToken.Length > 0);
        return pages;
    }

    private PeriodEnded Ended(string user, long quota, string meter = "tokens") => new(
        user, 10, BillingSpec.Source(10), now, 1, now.AddDays(-30), now.AddHours(-1), "cus_" + user, [Group(quota, meter)]);

    private PeriodClosed Closed(string user, long quota) => new(
        user, 12, BillingSpec.Source(12), now, 1, now.AddDays(-30), now.AddHours(-1), "cus_" + user, [Group(quota, "tokens")], [], null);

    private static GroupTotal Group(long quota, string meter) =>
        BillingSpec.Usage(quota) with { Reporting = new Reporting(meter, 1, "usage") };
}
