using Metering.BillingSync.ReadModels;
using Metering.BillingSync.Replaying;
using Metering.BillingSync.Reports;
using Metering.BillingSync.Resyncing;
using Metering.BillingSync.Sending;
using Metering.Kernel.ReadModels;
using Metering.Kernel.Streams;
using Metering.Ledger.Stored;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Metering.BillingSync.Scheduling;

/// <summary>
/// Every so often: reports running periods, where a Stripe meter is reported continuously, and carries forward what can no longer be
/// billed. It remembers nothing that matters: what it does follows from the streams, so that a crash costs a repeat that plans nothing.
/// </summary>
public sealed partial class BillingSchedule(
    IEventStreams streams, BillingView view, Backlog backlog, Resync resync, BillingOptions options, BillingPolicy policy,
    TimeProvider clock, ILogger<BillingSchedule> logger) : BackgroundService
{
    private Position upto = Position.Start;

    /// <summary>One round over everyone for whom there may be something to do. Who fails is tried again in the next one.</summary>
    public async Task Round(CancellationToken cancellation)
    {
        var users = new SortedSet<string>(StringComparer.Ordinal);
        var before = upto;
        if (policy.Continuous.Count > 0) await AddChanged(users, cancellation);
        if (options.CarriesByItself) await AddWaiting(users, cancellation);
        foreach (var user in users)
        {
            try
            {
                await resync.KeepUp(user, options.CarriesByItself, cancellation);
            }
            catch (Exception failure) when (!cancellation.IsCancellationRequested)
            {
                upto = before;
                LogFailed(user, failure);
            }
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await backlog.Resumed.WaitAsync(stoppingToken);
        while (true)
        {
            await Task.Delay(options.Every, clock, stoppingToken);
            try
            {
                await Round(stoppingToken);
            }
            catch (Exception failure) when (!stoppingToken.IsCancellationRequested)
            {
                LogRoundFailed(failure);
            }
        }
    }

    /// <summary>Whose ledger has something new since the last round; after a start, everyone's has.</summary>
    private async Task AddChanged(SortedSet<string> users, CancellationToken cancellation)
    {
        await foreach (var batch in streams.Subscribe(upto, [LedgerStreams.Prefix], cancellation))
        {
            foreach (var stored in batch.Events) users.Add(LedgerStreams.UserOf(stored.Stream));
            upto = batch.Upto;
            if (batch.CaughtUp) break;
        }
    }

    /// <summary>For whom something has to move to another period.</summary>
    private async Task AddWaiting(SortedSet<string> users, CancellationToken cancellation)
    {
        await view.CatchUp(cancellation);
        var now = clock.GetUtcNow();
        await foreach (var period in view.Scan(BilledPeriod.ByUnsettled, KeyRange.All, cancellation))
            if (period.Lines().Any(line => Carrying.Due(period.Taken, policy, line, now) is not null)) users.Add(period.User);
        await foreach (var (report, period) in view.Unlinked(cancellation))
            if (period.Taken is { } taken && policy.TooLate(report.Planned.Timestamp, taken.End, now) is not null) users.Add(report.User);
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "what is reported of {User} could not be kept up and is tried again")]
    private partial void LogFailed(string user, Exception failure);

    [LoggerMessage(Level = LogLevel.Error, Message = "a round of keeping up reports could not be made; the next one makes up for it")]
    private partial void LogRoundFailed(Exception failure);
}
