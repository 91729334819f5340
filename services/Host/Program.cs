using Metering.Balances;
using Metering.BillingSync;
using Metering.Host;
using Metering.Kernel.Hosting;
using Metering.Kernel.Messaging;
using Metering.Kernel.Streams;
using Metering.Reservations;

if (args.Contains("--help") || args.Contains("-h"))
{
    await Console.Out.WriteLineAsync(Help.Text);
    return 0;
}

WebApplication app;
try
{
    app = await Start(args);
}
catch (Exception failure)
{
    await Console.Error.WriteLineAsync(StartFailure.Line(failure));
    return StartFailure.Code(failure);
}
await using (app) await app.WaitForShutdownAsync();
return 0;

static async Task<WebApplication> Start(string[] args)
{
    Arguments.Check(args);
    // a switch without a value would take the next argument for its own
    var builder = WebApplication.CreateBuilder([.. args.Where(argument => argument != StopWithStdin.Option)]);
    var quiet = new QuietStart(builder.Logging);
    AddServices(builder, args);
    var app = builder.Build();
    app.MapReservations();
    app.MapBalances();
    app.MapBillingSync();
    app.MapHealth();
    app.Lifetime.ApplicationStarted.Register(
        () => Console.WriteLine($"metering host: {app.Services.GrpcAddress().GetLeftPart(UriPartial.Authority)}"));
    await app.StartAsync();
    quiet.End();
    return app;
}

static void AddServices(WebApplicationBuilder builder, string[] args)
{
    Defaults.Check(builder.Configuration);
    builder.Configuration.AddInMemoryCollection(Defaults.Missing(builder.Configuration));
    builder.ListenOnLoopback();
    builder.Services
        .AddStopWithStdin(args)
        .AddTelemetry(builder.Configuration, "metering-host")
        .AddEventStreams(builder.Configuration)
        .AddReservations(builder.Configuration)
        .AddBalances(builder.Configuration)
        .AddBillingSync(builder.Configuration)
        .AddBus(builder.Configuration, bus => bus.AddBillingSyncConsumers());
}
