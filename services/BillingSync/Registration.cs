using MassTransit;
using Metering.BillingSync.Messages;
using Metering.BillingSync.Ops;
using Metering.BillingSync.Reports;
using Metering.BillingSync.Sending;
using Metering.Kernel.Deciding;
using Metering.Kernel.Messaging;
using Metering.Kernel.Streams;
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
    /// <summary>Adds the service; needs an <see cref="IEventStreams"/>. Settings: the section <c>Stripe</c>, checked at start.</summary>
    public static IServiceCollection AddBillingSync(this IServiceCollection services, IConfiguration configuration)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddOptions<StripeOptions>().Bind(configuration.GetSection("Stripe")).ValidateOnStart();
        services.AddSingleton<IValidateOptions<StripeOptions>, StripeOptionsRules>();
        services.AddSingleton(provider => provider.GetRequiredService<IOptions<StripeOptions>>().Value);
        services.AddSingleton(NewRunner);
        services.AddSingleton<IUsageSink, StripeMeters>();
        services.AddSingleton<ReportSender>().AddSingleton<PeriodIntake>().AddSingleton<BillingView>().AddSingleton<BillingFollower>();
        services.AddSingleton(provider => new FailedPeriods(provider.GetService<BrokerAddress>()));
        services.AddHostedService(provider => provider.GetRequiredService<BillingFollower>());
        services.AddHealthChecks().AddCheck<BillingSyncHealth>("billing-sync", tags: ["ready"]);
        services.AddGrpc();
        return services;
    }

    /// <summary>Adds the consumers of period messages to a host's one bus.</summary>
    public static void AddBillingSyncConsumers(this IBusRegistrationConfigurator bus)
    {
        bus.AddConsumer<PeriodEndedConsumer, PeriodEndedDefinition>();
        bus.AddConsumer<PeriodClosedConsumer, PeriodClosedDefinition>();
    }

    /// <summary>Maps the gRPC service BillingOps.</summary>
    public static IEndpointRouteBuilder MapBillingSync(this IEndpointRouteBuilder routes)
    {
        routes.MapGrpcService<BillingOpsService>();
        return routes;
    }

    private static DecisionRunner<BillingState, BillingCommand, BillingAnswer> NewRunner(IServiceProvider provider) => new(
        provider.GetRequiredService<IEventStreams>(), new BillingModel(), new RunnerOptions { StreamsCached = 10_000 },
        provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILoggerFactory>().CreateLogger("Metering.BillingSync"));
}
