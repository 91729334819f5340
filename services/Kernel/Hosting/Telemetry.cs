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
    /// Collects our own sources and meters and those that ASP.NET Core and HttpClient emit themselves; exports over OTLP when
    /// <c>OTEL_EXPORTER_OTLP_ENDPOINT</c> is configured.
    /// </summary>
    public static IServiceCollection AddTelemetry(this IServiceCollection services, IConfiguration configuration, string service)
    {
        var exports = !string.IsNullOrEmpty(configuration["OTEL_EXPORTER_OTLP_ENDPOINT"]);
        services.AddOpenTelemetry()
            .ConfigureResource(resource => resource.AddService(service))
            .WithTracing(tracing => Export(tracing.AddSource(Ours, "Microsoft.AspNetCore", "System.Net.Http"), exports))
            .WithMetrics(metrics => Export(metrics.AddMeter(Ours, "Microsoft.AspNetCore.*", "System.Net.Http"), exports));
        return services;
    }

    private static void Export(TracerProviderBuilder tracing, bool exports)
    {
        if (exports) tracing.AddOtlpExporter();
    }

    private static void Export(MeterProviderBuilder metrics, bool exports)
    {
        if (exports) metrics.AddOtlpExporter();
    }
}
