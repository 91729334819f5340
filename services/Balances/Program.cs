using Metering.Kernel.Hosting;
using Metering.Kernel.Messaging;
using Metering.Kernel.Streams;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Metering.Balances;

/// <summary>The service alone.</summary>
internal static class Program
{
    private static readonly Setting Accounts = new(
        "Balances:Accounts", "where the service Accounts is; several instances with commas between", "http://127.0.0.1:5110");

    private static Task<int> Main(string[] args) => new ServiceProgram("balances", 5120, Settings)
    {
        About = "balances, history and periods; closes periods and publishes them.",
        Check = SharedParts.CheckAll,
        Add = AddServices,
        Map = app => app.MapBalances(),
    }.Run(args);

    private static IEnumerable<Setting> Settings =>
        [.. CommonSettings.EventStore, CommonSettings.ReadModels, CommonSettings.Bus, Accounts, .. BalancesOptions.Settings];

    private static void AddServices(IServiceCollection services, IConfiguration configuration) => services
        .AddEventStreams(configuration).AddBalances(configuration)
        .AddBus(configuration);
}
