using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Metering.Kernel.Hosting;

/// <summary>Liveness and readiness over HTTP.</summary>
public static class Health
{
    /// <summary>
    /// <c>/health/live</c>: the process answers. <c>/health/ready</c>: every check passes; otherwise 503 and a line per check that says what is missing.
    /// </summary>
    public static IEndpointRouteBuilder MapHealth(this IEndpointRouteBuilder app)
    {
        app.MapHealthChecks("/health/live", new HealthCheckOptions { Predicate = _ => false });
        app.MapHealthChecks("/health/ready", new HealthCheckOptions
        {
            ResponseWriter = Write,
            ResultStatusCodes = { [HealthStatus.Degraded] = StatusCodes.Status503ServiceUnavailable },
        });
        return app;
    }

    private static async Task Write(HttpContext context, HealthReport report)
    {
        context.Response.ContentType = "text/plain";
        await context.Response.WriteAsync($"{report.Status}\n", context.RequestAborted);
        foreach (var (name, entry) in report.Entries)
            await context.Response.WriteAsync($"{name}: {entry.Status} {entry.Description}\n", context.RequestAborted);
    }
}
