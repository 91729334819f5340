using MassTransit;
using Metering.BillingSync.Explaining;
using Metering.BillingSync.Messages;
using Metering.BillingSync.Ops;
using Metering.BillingSync.ReadModels;
using Metering.BillingSync.Reconciling;
using Metering.BillingSync.Reports;
using Metering.BillingSync.Resyncing;
using Metering.BillingSync.Scheduling;
using Metering.BillingSync.Sending;
using Metering.BillingSync.Webhooks;
using Metering.Client;
using Metering.Kernel.Deciding;
using Metering.Kernel.Grpc;
using Metering.Kernel.Hosting;
using Metering.Kernel.Messaging;
using Metering.Kernel.Projecting;
using Metering.Kernel.Streams;
using Metering.V1;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Metering.BillingSync;

/// <summary>What a host calls.</summary>
public static class Registration
{
    /// <summary>
    /// Adds the service; needs an <see cref="IEventStreams"/>. Settings: the sections <c>Stripe</c> and <c>Billing</c>, checked at
    /// start, and <c>ReadModels</c>.
    /// </summary>
    public static IServiceCollection AddBillingSync(this IServiceCollection services, IConfiguration configuration)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddOptions<StripeOptions>().Bind(configuration.GetSection("Stripe")).ValidateOnStart();
        services.AddSingleton<IValidateOptions<StripeOptions>, StripeOptionsRules>();
        services.AddSingleton(provider => provider.GetRequiredService<IOptions<StripeOptions>>().Value);
        // a file takes what comes
        services.AddOptions<StripeOptions>().PostConfigure<IOptions<BillingOptions>>(
            (stripe, billing) => stripe.RequestsPerSecond ??= billing.Value.File is null ? null : 0);
        services.AddOptions<BillingOptions>().Bind(configuration.GetSection("Billing")).ValidateOnStart();
        services.AddSingleton<IValidateOptions<BillingOptions>, BillingOptionsRules>();
        services.AddSingleton(provider => provider.GetRequiredService<IOptions<BillingOptions>>().Value);
        services.AddSingleton(provider => provider.GetRequiredService<BillingOptions>().ToPolicy());
        services.AddSingleton<BillingModel>().AddSingleton(NewRunner).AddSingleton(NewSink);
        services.AddProjector(configuration, BillingProjection.Schema, _ => BillingProjection.Projection).AddSingleton<BillingView>();
        services.AddSingleton<ReportSender>().AddSingleton<PeriodIntake>().AddSingleton<Backlog>();
        services.AddSingleton<Resync>().AddSingleton<Retrying>().AddSingleton<LineExplainer>().AddSingleton<BillingSchedule>();
        services.AddSingleton(provider => provider.GetRequiredService<BillingOptions>().Reconcile);
        services.AddSingleton<ReadBudget>().AddSingleton<StripeSummaries>().AddSingleton<Reconciler>().AddSingleton<Reconciliation>();
        services.AddSingleton<Listings>().AddSingleton<Corrections>().AddSingleton<Explanations>().AddSingleton<StripeProblems>();
        services.AddSingleton(provider => new FailedPeriods(provider.GetService<BrokerAddress>()));
        services.AddHostedService(provider => provider.GetRequiredService<Backlog>());
        services.AddHostedService(provider => provider.GetRequiredService<BillingSchedule>());
        services.AddHostedService<ReconcileSchedule>();
        services.AddHealthChecks().AddCheck<BillingSyncHealth>("billing-sync", tags: ["ready"]);
        services.AddGrpc().AddServiceOptions<BillingOpsService>(grpc => grpc.Interceptors.Add<StreamsErrors>());
        return services.AddWebhooks();
    }

    private static IServiceCollection AddWebhooks(this IServiceCollection services)
    {
        services.AddSingleton(provider => provider.GetRequiredService<BillingOptions>().ToAccountPolicy());
        services.AddSingleton<Signatures>().AddSingleton<StripeReads>().AddSingleton<NewsReader>().AddSingleton<LedgerTrail>();
        services.AddSingleton(NewStripeRunner).AddSingleton<ErrorReports>().AddSingleton<WebhookIntake>().AddSingleton<WebhookEndpoint>();
        services.AddKeyedSingleton(AccountsKey, (provider, _) => new Failover(AccountsAt(provider)));
        services.AddSingleton(provider => ActivatorUtilities.CreateInstance<AccountSteps>(
            provider, new Accounts.AccountsClient(provider.GetRequiredKeyedService<Failover>(AccountsKey))));
        services.AddSingleton<OpenSteps>().AddSingleton<StripeView>();
        services.AddHealthChecks().AddCheck<AccountsHealth>("billing-accounts", tags: ["ready"]);
        return services.AddHostedService<StepsTaker>().AddHostedService(provider => provider.GetRequiredService<StripeView>());
    }

    /// <summary>Adds the consumers of period messages to a host's one bus.</summary>
    public static void AddBillingSyncConsumers(this IBusRegistrationConfigurator bus)
    {
        bus.AddConsumer<PeriodEndedConsumer, PeriodEndedDefinition>();
        bus.AddConsumer<PeriodClosedConsumer, PeriodClosedDefinition>();
    }

    /// <summary>Maps the gRPC service BillingOps, and <c>POST /webhooks/stripe</c> for a listener that takes HTTP/1.1.</summary>
    public static IEndpointRouteBuilder MapBillingSync(this IEndpointRouteBuilder routes)
    {
        routes.MapGrpcService<BillingOpsService>();
        routes.MapPost(WebhookEndpoint.Path, http => http.RequestServices.GetRequiredService<WebhookEndpoint>().Handle(http));
        return routes;
    }

    private static IUsageSink NewSink(IServiceProvider provider) => provider.GetRequiredService<BillingOptions>().File is { } path
        ? new FileExport(path)
        : new StripeMeters(provider.GetRequiredService<StripeOptions>());

    /// <summary>Whose report is under way is decided on twice within a call; of who waits longer a few events are read again.</summary>
    private const int StreamsCached = 500;

    private const string AccountsKey = "billing";

    private static IEnumerable<Uri> AccountsAt(IServiceProvider provider) =>
        provider.GetRequiredService<BillingOptions>().AccountsAt is { Count: > 0 } given ? given.OfType<Uri>() : [provider.GrpcAddress()];

    private static DecisionRunner<StripeState, StripeCommand, Known> NewStripeRunner(IServiceProvider provider) => new(
        provider.GetRequiredService<IEventStreams>(), new StripeModel(), new RunnerOptions { StreamsCached = 1_000 },
        provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILoggerFactory>().CreateLogger("Metering.BillingSync"));

    private static DecisionRunner<BillingState, BillingCommand, BillingAnswer> NewRunner(IServiceProvider provider) => new(
        provider.GetRequiredService<IEventStreams>(), provider.GetRequiredService<BillingModel>(),
        new RunnerOptions { StreamsCached = StreamsCached },
        provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILoggerFactory>().CreateLogger("Metering.BillingSync"));
}
