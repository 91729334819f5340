using Metering.BillingSync.Sending;
using Metering.Kernel.Hosting;
using Metering.Kernel.Messaging;
using Metering.Kernel.Streams;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Metering.BillingSync;

/// <summary>The service alone.</summary>
internal static class Program
{
    private static readonly Setting Accounts = new(
        "Billing:Accounts", "where the service Accounts is, for webhooks; several instances with commas between", "http://127.0.0.1:5110");

    private static Task<int> Main(string[] args) =>
        new ServiceProgram(
            "billing-sync", 5130,
            [
                .. CommonSettings.EventStore, CommonSettings.ReadModels, CommonSettings.Bus, Accounts, .. StripeOptions.Settings,
                .. BillingOptions.Settings,
            ])
        {
            About = "tells Stripe what to bill.",
            Check = SharedParts.CheckAll,
            Add = AddServices,
            Map = app => app.MapBillingSync(),
        }.Run(args);

    private static void AddServices(IServiceCollection services, IConfiguration configuration) => services
        .AddEventStreams(configuration).AddBillingSync(configuration)
        .AddBus(configuration, bus => bus.AddBillingSyncConsumers());
}
