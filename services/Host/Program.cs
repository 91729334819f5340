using MassTransit;
using Metering.Balances;
using Metering.BillingSync;
using Metering.Host;
using Metering.Kernel.Hosting;
using Metering.Kernel.Streams;
using Metering.Reservations;

if (args.Contains("--help") || args.Contains("-h"))
{
    await Console.Out.WriteLineAsync(Help.Text);
    return 0;
}

// a switch without a value would take the next argument for its own
var builder = WebApplication.CreateBuilder([.. args.Where(argument => argument != StopWithStdin.Option)]);
builder.Configuration.AddInMemoryCollection(Defaults.Missing(builder.Configuration));
try
{
    Defaults.Check(builder.Configuration);
    builder.ListenOnLoopback();
    builder.Services
        .AddStopWithStdin(args)
        .AddTelemetry(builder.Configuration, "metering-host")
        .AddEventStreams(builder.Configuration)
        .AddReservations(builder.Configuration)
        .AddBalances(builder.Configuration)
        .AddBillingSync(builder.Configuration)
        .AddMassTransit(bus =>
        {
            bus.AddBillingSyncConsumers();
            bus.UsingInMemory((context, transport) => transport.ConfigureEndpoints(context));
        });
}
catch (InvalidOperationException wrong)
{
    await Console.Error.WriteLineAsync($"metering host: {wrong.Message}");
    return 2;
}

var app = builder.Build();
app.MapReservations();
app.MapBalances();
app.MapBillingSync();
app.MapHealth();
app.Lifetime.ApplicationStarted.Register(() => Console.WriteLine($"metering host: {app.Services.GrpcAddress().GetLeftPart(UriPartial.Authority)}"));
try
{
    await app.RunAsync();
    return 0;
}
catch (IOException cannotListen)
{
    await Console.Error.WriteLineAsync($"metering host: {cannotListen.Message}");
    return 1;
}
