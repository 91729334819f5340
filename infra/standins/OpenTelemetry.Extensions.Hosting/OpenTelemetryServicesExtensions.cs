using Microsoft.Extensions.Hosting;
using OpenTelemetry;

namespace Microsoft.Extensions.DependencyInjection;

public static class OpenTelemetryServicesExtensions
{
    /// <summary>May be called by several parts of an application: the providers are made and started once.</summary>
    public static OpenTelemetryBuilder AddOpenTelemetry(this IServiceCollection services)
    {
        ArgumentNullException.ThrowIfNull(services);
        var starter = ServiceDescriptor.Singleton<IHostedService, TelemetryStarter>();
        // First in line, so that what the other hosted services do while they start is seen.
        if (!services.Any(s => s.ServiceType == starter.ServiceType && s.ImplementationType == starter.ImplementationType))
            services.Insert(0, starter);
        return new OpenTelemetryBuilder(services);
    }
}
