using Metering.Balances;
using Metering.BillingSync;
using Metering.BillingSync.Sending;
using Metering.Kernel.Hosting;
using Metering.Kernel.Messaging;
using Metering.Kernel.Streams;
using Metering.Reservations;

namespace Metering.Host;

/// <summary>Every service in one process; on the embedded default, nothing to install.</summary>
internal static class Program
{
    private static Task<int> Main(string[] args) => new ServiceProgram("host", 5100, Settings)
    {
        About = "every service in one process.",
        Check = Simulator.Set,
        Add = AddServices,
        Map = Map,
    }.Run(args);

    private static IEnumerable<Setting> Settings =>
    [
        .. CommonSettings.EventStore, CommonSettings.ReadModels, CommonSettings.Bus with { Default = "memory" },
        .. ReservationsOptions.Settings, .. BalancesOptions.Settings, .. StripeOptions.Settings.Where(setting => !Simulator.Sets(setting)),
        .. Simulator.Settings, .. BillingOptions.Settings,
    ];

    private static void AddServices(IServiceCollection services, IConfiguration configuration) => services
        .AddEventStreams(configuration).AddReservations(configuration).AddBalances(configuration).AddBillingSync(configuration)
        .AddBus(configuration, bus => bus.AddBillingSyncConsumers());

    private static void Map(WebApplication app)
    {
        app.MapReservations();
        app.MapBalances();
        app.MapBillingSync();
    }
}
