using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Metering.Kernel.Hosting;

/// <summary>Traces and metrics of every service, by OpenTelemetry.</summary>
public static class Telemetry
{
    /// <summary>The prefix of every source and meter of ours.</summary>
    private const string Ours = "Metering.*";

    /// <summary>
    /// Exports our own sources and meters, and those that ASP.NET Core and HttpClient emit themselves, over OTLP when
    /// <c>OTEL_EXPORTER_OTLP_ENDPOINT</c> is configured. Nothing is collected for nobody: a recorded span is a good part of what a call costs.
    /// </summary>
    public static IServiceCollection AddTelemetry(this IServiceCollection services, IConfiguration configuration, string service)
    {
        if (string.IsNullOrEmpty(configuration["OTEL_EXPORTER_OTLP_ENDPOINT"])) return services;
        services.AddOpenTelemetry()
            .ConfigureResource(resource => resource.AddService(service))
            .WithTracing(tracing => tracing.AddSource(Ours, "Microsoft.AspNetCore", "System.Net.Http").AddOtlpExporter())
            .WithMetrics(metrics => metrics.AddMeter(Ours, "Microsoft.AspNetCore.*", "System.Net.Http").AddOtlpExporter());
        return services;
    }
}
