using Metering.BillingSync.ReadModels;
using Metering.BillingSync.Reports;
using Metering.BillingSync.Sending;
using Metering.Kernel.ReadModels;

namespace Metering.BillingSync.Resyncing;

/// <summary>What is tried again.</summary>
public sealed record Retried(bool Resumed, int Planned, int Linked);

/// <summary>Tries again what stands still until somebody says so.</summary>
public sealed class Retrying(BillingView view, Resync resync, ReportSender sender)
{
    /// <summary>Everything.</summary>
    public async Task<Retried> All(CancellationToken cancellation)
    {
        var resumed = await sender.Resume();
        var (planned, linked) = (0, 0);
        foreach (var user in await Stuck(cancellation))
        {
            var done = await resync.Run(user, new ResyncOrder(CarryForward: false), cancellation);
            (planned, linked) = (planned + done.Planned, linked + done.Linked);
        }
        return new(resumed, planned, linked);
    }

    /// <summary>One report: a rejected or missing one is planned anew, under another identifier.</summary>
    public async Task<Retried> One(string user, Report report, CancellationToken cancellation)
    {
        var resumed = await sender.Resume();
        if (report.IsOpen) return new(resumed, 0, 0);
        var done = await resync.Run(user, new ResyncOrder(report.Planned.Period, CarryForward: false), cancellation);
        return new(resumed, done.Planned, done.Linked);
    }

    /// <summary>Who has something to be planned, or to be linked.</summary>
    private async Task<IReadOnlyCollection<string>> Stuck(CancellationToken cancellation)
    {
        await view.CatchUp(cancellation);
        var users = new SortedSet<string>(StringComparer.Ordinal);
        await foreach (var period in view.Scan(BilledPeriod.ByUnsettled, KeyRange.All, cancellation))
            if (period.Lines().Any(line => line.Rest != 0)) users.Add(period.User);
        await foreach (var report in view.Scan(BilledReport.ByStatus, BilledReport.Of(ReportStatus.Unlinked), cancellation))
            users.Add(report.User);
        return users;
    }
}
