using Metering.Kernel.Streams;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Metering.Kernel.Hosting;

/// <summary>
/// A program of this product, from its arguments to its exit code: configuration that is checked, gRPC and health, telemetry, an orderly
/// end. What it serves is added and mapped by whoever makes it.
/// </summary>
/// <param name="Name">In lower case: it announces itself as <c>metering NAME</c>, to telemetry as <c>metering-NAME</c>.</param>
/// <param name="Port">Where gRPC is served by default; health on the next one.</param>
/// <param name="Own">Its settings beyond those that every program has.</param>
public sealed record ServiceProgram(string Name, int Port, IEnumerable<Setting> Own)
{
    /// <summary>What it is, in a sentence.</summary>
    public required string About { get; init; }

    /// <summary>
    /// Refuses settings that do not go together, by an <see cref="InvalidOperationException"/>, and may set what follows from others.
    /// </summary>
    public Action<IConfiguration> Check { get; init; } = _ => { };

    /// <summary>Adds its services.</summary>
    public required Action<IServiceCollection, IConfiguration> Add { get; init; }

    /// <summary>Maps them.</summary>
    public required Action<WebApplication> Map { get; init; }

    // settings are checked at the start, so a change later must not come in unchecked; and the watch on the folder of the settings wakes up
    // at every write to any file there: with the event store beside them that took a good part of the processor time under load
    private const string ReadOnce = "--hostBuilder:reloadConfigOnChange=false";

    internal string Command { get; } = AppDomain.CurrentDomain.FriendlyName;

    internal IReadOnlyList<Setting> Settings { get; } = [.. CommonSettings.Of(Port), .. Own];

    private string Announced => $"metering {Name}";

    /// <summary>Runs until it is told to stop.</summary>
    /// <returns>0: it ended as asked; 2: a setting is wrong; 1: this machine does not let it. Why is one line on standard error.</returns>
    public async Task<int> Run(string[] args)
    {
        if (args.Contains("--help") || args.Contains("-h"))
        {
            await Console.Out.WriteLineAsync(Help.Of(this));
            return 0;
        }
        WebApplication app;
        try
        {
            app = await Start(args);
        }
        catch (Exception failure)
        {
            await Console.Error.WriteLineAsync(StartFailure.Line(Announced, failure));
            return StartFailure.Code(failure);
        }
        await using (app) await app.WaitForShutdownAsync();
        return 0;
    }

    private async Task<WebApplication> Start(string[] args)
    {
        var arguments = Arguments.Read(args, Settings);
        var builder = WebApplication.CreateBuilder([ReadOnce, .. arguments.Settings]);
        var quiet = new QuietStart(builder.Logging);
        Configure(builder.Configuration, arguments);
        builder.ListenOnLoopback();
        builder.Services.AddTelemetry(builder.Configuration, $"metering-{Name}").AddDrain(builder.Configuration)
            .AddCallLimit(builder.Configuration);
        if (arguments.StopsWithStdin) builder.Services.AddHostedService<StopWithStdin>();
        Add(builder.Services, builder.Configuration);
        var app = builder.Build();
        _ = app.Services.GetService<IEventStreams>(); // a file that cannot be opened is told now, not to callers
        app.UseDrain();
        app.UseCallLimit();
        Map(app);
        app.MapHealth();
        app.Lifetime.ApplicationStarted.Register(() => Announce(app.Services));
        await app.StartAsync();
        quiet.End();
        return app;
    }

    private void Configure(ConfigurationManager configuration, Arguments arguments)
    {
        if (arguments.ConfigFile is { } file)
            configuration.AddInMemoryCollection(ConfigFile.Read(file, Settings))
                .AddEnvironmentVariables().AddCommandLine(arguments.Settings);
        Check(configuration);
        var missing = Settings.Concat(CommonSettings.Quiet)
            .Select(setting => KeyValuePair.Create(setting.Name, setting.Missing(configuration)));
        configuration.AddInMemoryCollection(missing.Where(setting => setting.Value is not null).ToArray());
    }

    // one per line, so that whoever started it can read where it listens
    private void Announce(IServiceProvider services)
    {
        string[] addresses = [.. services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses];
        Console.WriteLine($"{Announced}: {addresses[0]}");
        if (addresses.Length > 1) Console.WriteLine($"{Announced} health: {addresses[1]}");
    }
}
