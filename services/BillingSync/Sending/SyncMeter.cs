using System.Diagnostics.Metrics;

namespace Metering.BillingSync.Sending;

/// <summary>What goes out to Stripe and how it ends.</summary>
public static class SyncMeter
{
    public const string Name = "Metering.BillingSync";

    private static readonly Meter Meter = new(Name);

    internal static readonly Counter<long> Messages = Meter.CreateCounter<long>("metering.billing.messages", "{message}", "Period messages taken, repeats included");
    internal static readonly Counter<long> Sent = Meter.CreateCounter<long>("metering.billing.sent", "{call}", "Calls to Stripe");
    internal static readonly Counter<long> Retried = Meter.CreateCounter<long>("metering.billing.retried", "{call}", "Calls that settled nothing");
    internal static readonly Counter<long> Webhooks =
        Meter.CreateCounter<long>("metering.billing.webhooks", "{event}", "Webhooks answered, by outcome");
    internal static readonly Counter<long> Steps =
        Meter.CreateCounter<long>("metering.billing.steps", "{step}", "What Accounts was asked because of Stripe's events");
    internal static readonly Counter<long> Dropped =
        Meter.CreateCounter<long>("metering.billing.dropped", "{event}", "Meter events that Stripe said it dropped");
    internal static readonly Counter<long> Unnamed = Meter.CreateCounter<long>("metering.billing.unnamed", "{event}",
        "Of those, the ones that it did not name, or that are none of ours");
    internal static readonly Counter<long> Settled = Meter.CreateCounter<long>("metering.billing.settled", "{report}", "Reports settled, by status");
    internal static readonly Counter<long> Reads = Meter.CreateCounter<long>("metering.billing.reads", "{call}", "Reads of Stripe's summaries and meters");
    internal static readonly Counter<long> Differing = Meter.CreateCounter<long>("metering.billing.differing", "{window}", "Windows that differ from Stripe's summaries");
}
