namespace Metering.Kernel.Hosting;

/// <summary>The settings that several programs have.</summary>
public static class CommonSettings
{
    /// <summary>Where the event streams are.</summary>
    public static IReadOnlyList<Setting> EventStore { get; } =
    [
        new(
            "EventStore", "where the event streams are: sqlite, sqlite:PATH, esdb://… or kurrentdb://…; in one process memory too", "sqlite"),
        new("DataFolder", "the folder of sqlite's file, streams.db", Path.Combine(".data", "metering")),
    ];

    /// <summary>Where documents are kept.</summary>
    public static Setting ReadModels { get; } = new(
        "ReadModels", "where read models are kept: memory, rebuilt at every start, or PostgreSQL: Host=…;Database=…;Username=…", "memory");

    /// <summary>Where messages go. No default: what is published to a bus that nobody hears is lost.</summary>
    public static Setting Bus { get; } = new(
        "Bus", "where messages go: RabbitMQ, amqp://USER:PASSWORD@HOST:PORT/VHOST; in one process memory too", null, "required");

    /// <summary>What every program has; gRPC on <paramref name="port"/>, health on the next one.</summary>
    internal static IReadOnlyList<Setting> Of(int port) =>
    [
        new(Endpoints.Grpc, "where gRPC is served (HTTP/2 without TLS); port 0 takes a free one", $"http://127.0.0.1:{port}"),
        new(Endpoints.Health, "where /health/live and /health/ready are; empty for nowhere",
            $"http://127.0.0.1:{port + 1}") { MayBeEmpty = true },
        new(Drain.Setting, "how long calls under way may take to end when the program is to stop, up to an hour", TimeSpan.FromSeconds(20)),
        new(
            CallLimit.Setting, "unary calls under way, up to a million; further ones are refused at once, RESOURCE_EXHAUSTED",
            CallLimit.Default),
        new("OTEL_EXPORTER_OTLP_ENDPOINT", "where traces and metrics go; every other OTEL_ variable holds too"),
        new("Logging:LogLevel:*", "what is logged, by category", null, "Information, Microsoft.AspNetCore and System.Net.Http: Warning"),
    ];

    /// <summary>
    /// Not shown: the framework logs several lines per call else, and where that category is on at all begins a span and a scope for each.
    /// </summary>
    internal static IReadOnlyList<Setting> Quiet { get; } =
    [
        new("Logging:LogLevel:Microsoft.AspNetCore", "", "Warning"), new("Logging:LogLevel:System.Net.Http", "", "Warning"),
        new("Logging:LogLevel:Microsoft.AspNetCore.Hosting.Diagnostics", "", "None"),
    ];
}
