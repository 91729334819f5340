using Metering.Kernel.Deciding;
using Metering.Kernel.Streams;
using Metering.Ledger.Accounts;
using Metering.Ledger.Catalog;
using Metering.Reservations.Models;
using Metering.Reservations.Services;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Metering.Reservations;

/// <summary>Adds and maps the services Reservations, Accounts and Catalog. The host adds the event streams.</summary>
public static class ReservationsRegistration
{
    public static IServiceCollection AddReservations(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<ReservationsOptions>().Bind(configuration.GetSection(ReservationsOptions.Section))
            .ValidateDataAnnotations()
            .Validate(options => IsValid(options.Deciding), "Reservations:Deciding: every limit is 1 or more, one append stays below 1 MiB")
            .ValidateOnStart();
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(provider => provider.GetRequiredService<IOptions<ReservationsOptions>>().Value);
        services.AddSingleton<UsageWatch>().AddSingleton(LedgerRunner).AddSingleton(CatalogRunner);
        services.AddSingleton<ReservationHistory>().AddSingleton<Ledgers>().AddSingleton<CatalogView>().AddSingleton<CatalogDesk>();
        services.AddSingleton<Dispatcher>().AddSingleton<OpenStreams>().AddSingleton<UsageFeed>().AddSingleton<Sessions>();
        // no state of its own: one object serves all calls
        services.AddSingleton<ReservationsService>().AddSingleton<AccountsService>().AddSingleton<CatalogService>();
        services.AddHealthChecks().AddCheck<Readiness>("reservations", tags: ["ready"]);
        services.AddGrpc();
        return services;
    }

    public static void MapReservations(this IEndpointRouteBuilder endpoints)
    {
        endpoints.MapGrpcService<ReservationsService>();
        endpoints.MapGrpcService<AccountsService>();
        endpoints.MapGrpcService<CatalogService>();
    }

    private static DecisionRunner<LedgerState, Command, Answer> LedgerRunner(IServiceProvider provider)
    {
        var runner = Runner(provider, new LedgerModel());
        var watch = provider.GetRequiredService<UsageWatch>();
        runner.Appended += (stream, _) => watch.Changed(stream);
        return runner;
    }

    private static DecisionRunner<CatalogModel.Latest, CatalogCommand, Answer> CatalogRunner(IServiceProvider provider) =>
        Runner(provider, new CatalogModel());

    private static DecisionRunner<TState, TCommand, Answer> Runner<TState, TCommand>(
        IServiceProvider provider, IStreamModel<TState, TCommand, Answer> model) where TState : class => new(
            provider.GetRequiredService<IEventStreams>(), model, provider.GetRequiredService<ReservationsOptions>().Deciding,
            provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILoggerFactory>().CreateLogger("Metering.Deciding"));

    private static bool IsValid(RunnerOptions limits) =>
        limits is { StreamsCached: >= 1, WaitingMost: >= 1, BatchMost: >= 1, Attempts: >= 1, Resends: >= 0 } &&
        limits is { SnapshotEvery: >= 1, SnapshotOnEviction: >= 1 } &&
        limits.BatchBytesMost is >= 1 and <= 1_000_000 && limits.ResendAfter > TimeSpan.Zero;
}
