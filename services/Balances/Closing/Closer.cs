using Grpc.Core;
using Metering.Balances.ReadModels;
using Metering.Client;
using Metering.Kernel.Projecting;
using Metering.Kernel.ReadModels;
using Metering.V1;
using Microsoft.Extensions.Logging;

namespace Metering.Balances.Closing;

/// <summary>
/// Asks for the closing of every period that is due, like any caller: what was due in a user's ledger is recorded by the next command, and a user who
/// sends none would never close. Closing is keyed by the period, so twice, or too soon, changes nothing.
/// </summary>
public sealed partial class Closer(
    IReadModel model, Projector projector, Accounts.AccountsClient accounts, BalancesOptions options, TimeProvider time, ILogger<Closer> log)
{
    private const int PageSize = 256;
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(1);

    // gRPC compares deadlines with the system's clock, whatever clock decides here what is due
    private readonly Tries _tries = new(TimeProvider.System, new MeteringOptions { Timeout = options.ClosingDeadline });

    /// <summary>Periods asked for that are still in the way: not due after all, or not projected yet.</summary>
    private readonly Dictionary<string, Postponed> _postponed = [];

    /// <summary>Looks for due periods until cancelled.</summary>
    public async Task Run(CancellationToken cancellation)
    {
        while (!cancellation.IsCancellationRequested)
            try
            {
                // behind, it would ask for periods that were closed long ago
                await projector.WaitUntilCaughtUp(cancellation);
                await CloseDue(cancellation);
                await Task.Delay(options.ClosingEvery, time, cancellation);
            }
            catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
            {
                return;
            }
            catch (Exception error)
            {
                LogFailed(error);
                await Task.Delay(options.ClosingEvery, time, cancellation)
                    .ConfigureAwait(ConfigureAwaitOptions.ContinueOnCapturedContext | ConfigureAwaitOptions.SuppressThrowing);
            }
    }

    /// <summary>One round over all that is due now. A user's periods close in order, one after the other.</summary>
    public async Task CloseDue(CancellationToken cancellation)
    {
        var due = await Due(cancellation);
        var parallel = new ParallelOptions
        {
            MaxDegreeOfParallelism = options.ClosingAtOnce, TaskScheduler = TaskScheduler.Current, CancellationToken = cancellation,
        };
        await Parallel.ForEachAsync(due.GroupBy(period => period.User), parallel, async (own, stop) =>
        {
            foreach (var period in own.OrderBy(period => period.Period.Number)) await Close(period, stop);
        });
    }

    private async Task<List<BillingPeriod>> Due(CancellationToken cancellation)
    {
        var now = time.GetUtcNow();
        var (due, range) = (new List<BillingPeriod>(), new KeyRange(Below: BillingPeriod.DueAt(now.AddTicks(1))));
        while (await model.Range(BillingPeriod.ByDue, range, PageSize, cancellation) is { Count: > 0 } page)
        {
            due.AddRange(page);
            range = range with { After = BillingPeriod.ByDue.PlaceOf(page[^1]) };
        }
        lock (_postponed)
        {
            var present = due.Select(period => period.Id).ToHashSet();
            foreach (var gone in _postponed.Keys.Where(id => !present.Contains(id)).ToArray()) _postponed.Remove(gone);
            due.RemoveAll(period => _postponed.TryGetValue(period.Id, out var until) && until.Revision == period.Revision && until.At > now);
        }
        return due;
    }

    private async Task Close(BillingPeriod period, CancellationToken cancellation)
    {
        Postpone(period);
        try
        {
            var request = new ClosePeriodRequest { User = period.User, Period = period.Period.Number };
            await _tries.Run(call => accounts.ClosePeriodAsync(request, call), cancellation);
        }
        catch (MeteringException error) when (error.Status == StatusCode.FailedPrecondition)
        {
            LogNotDue(period.Id, error.Message);
        }
        catch (MeteringException error) when (!cancellation.IsCancellationRequested)
        {
            LogRefused(error, period.Id);
        }
    }

    /// <summary>Until the read model shows another revision of it, a period is asked for at longer and longer intervals.</summary>
    private void Postpone(BillingPeriod period)
    {
        lock (_postponed)
        {
            var pause = _postponed.TryGetValue(period.Id, out var before) && before.Revision == period.Revision ? before.Pause * 2 : options.ClosingEvery;
            if (pause > LongestPause) pause = LongestPause;
            _postponed[period.Id] = new(period.Revision, time.GetUtcNow() + pause, pause);
        }
    }

    private sealed record Postponed(long Revision, DateTimeOffset At, TimeSpan Pause);

    [LoggerMessage(LogLevel.Debug, "Period {Period} is not due yet: {Reason}")]
    private partial void LogNotDue(string period, string reason);

    [LoggerMessage(LogLevel.Warning, "Period {Period} could not be closed and will be asked for again")]
    private partial void LogRefused(Exception error, string period);

    [LoggerMessage(LogLevel.Error, "Due periods could not be looked for; that is tried again")]
    private partial void LogFailed(Exception error);
}
