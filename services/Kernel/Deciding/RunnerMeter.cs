using System.Diagnostics.Metrics;

namespace Metering.Kernel.Deciding;

/// <summary>How commands share appends, and how often instances clash.</summary>
public static class RunnerMeter
{
    public const string Name = "Metering.Deciding";

    private static readonly Meter Meter = new(Name);

    internal static readonly Counter<long> Commands = Meter.CreateCounter<long>("metering.deciding.commands");
    internal static readonly Counter<long> Appends = Meter.CreateCounter<long>("metering.deciding.appends");
    internal static readonly Counter<long> Clashes = Meter.CreateCounter<long>("metering.deciding.clashes");
}
