using Metering.BillingSync.Ops;
using Metering.BillingSync.Reports;
using Metering.BillingSync.Sending;

namespace Metering.BillingSync.Resyncing;

/// <summary>What is tried again.</summary>
public sealed record Retried(bool Resumed, int Planned, int Linked);

/// <summary>Tries again what stands still until somebody says so.</summary>
public sealed class Retrying(BillingView view, Resync resync, ReportSender sender)
{
    /// <summary>Everything.</summary>
    public async Task<Retried> All(CancellationToken cancellation)
    {
        var resumed = await GoOn();
        var (planned, linked) = (0, 0);
        foreach (var user in Stuck())
        {
            var done = await resync.Run(user, new ResyncOrder(CarryForward: false), cancellation);
            (planned, linked) = (planned + done.Planned, linked + done.Linked);
        }
        return new(resumed, planned, linked);
    }

    /// <summary>One report: a rejected or missing one is planned anew, under another identifier.</summary>
    public async Task<Retried> One(string user, Report report, CancellationToken cancellation)
    {
        var resumed = await GoOn();
        if (report.IsOpen) return new(resumed, 0, 0);
        var done = await resync.Run(user, new ResyncOrder(report.Planned.Period, CarryForward: false), cancellation);
        return new(resumed, done.Planned, done.Linked);
    }

    private async Task<bool> GoOn()
    {
        var resumed = await sender.Resume();
        if (resumed) view.EnqueueAll(sender);
        return resumed;
    }

    private List<string> Stuck()
    {
        var users = new List<string>();
        view.Scan("", (user, state) =>
        {
            if (state.Lines.Any(line => line.Rest != 0) || state.Reports.Any(report => report.Status == ReportStatus.Unlinked)) users.Add(user);
            return true;
        });
        return users;
    }
}
