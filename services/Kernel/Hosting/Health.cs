using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;

namespace Metering.Kernel.Hosting;

/// <summary>Liveness and readiness over HTTP.</summary>
public static class Health
{
    /// <summary>
    /// <c>/health/live</c>: the process answers. <c>/health/ready</c>: every check passes; otherwise 503 and a line per check that says
    /// what is missing.
    /// Once the program is to stop, that is all there is to say: nothing that may be slow is asked any more.
    /// </summary>
    public static IEndpointRouteBuilder MapHealth(this IEndpointRouteBuilder app)
    {
        var stopping = app.ServiceProvider.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping;
        app.MapHealthChecks("/health/live", new HealthCheckOptions { Predicate = _ => false });
        app.MapHealthChecks("/health/ready", new HealthCheckOptions
        {
            Predicate = check => check.Name == Drain.Check || !stopping.IsCancellationRequested,
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
