using Metering.Kernel.Streams;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Metering.Reservations.Tests;

public sealed class ReadinessTests
{
    [TestCase(0, false, HealthStatus.Healthy)]
    [TestCase(1.9, false, HealthStatus.Healthy)]
    [TestCase(-1.9, false, HealthStatus.Healthy)]
    [TestCase(2.5, false, HealthStatus.Unhealthy)]
    [TestCase(-2.5, false, HealthStatus.Unhealthy)]
    [TestCase(0, true, HealthStatus.Unhealthy)]
    public async Task It_is_ready_while_the_store_is_there_and_the_clocks_agree(double seconds, bool isAway, HealthStatus status)
    {
        var clock = new ShiftedTime();
        var streams = new FailingStreams(new MemoryStreams(clock)) { ClockOff = TimeSpan.FromSeconds(seconds), IsAway = isAway };
        var readiness = new Readiness(streams, new CatalogView(streams, clock), clock);
        Assert.That((await readiness.CheckHealthAsync(new HealthCheckContext())).Status, Is.EqualTo(status));
    }
}
