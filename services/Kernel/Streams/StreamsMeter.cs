using System.Diagnostics.Metrics;

namespace Metering.Kernel.Streams;

/// <summary>What the stores on this machine have written since the process started.</summary>
internal static class StreamsMeter
{
    public const string Name = "Metering.Streams";

    private static readonly Meter Meter = new(Name);

    public static readonly Counter<long> Appends =
        Meter.CreateCounter<long>("metering.streams.appends", "{append}", "Appends judged and made durable or refused");

    public static readonly Counter<long> Commits =
        Meter.CreateCounter<long>("metering.streams.commits", "{commit}", "Transactions that carried them: fewer than appends under load");
}
