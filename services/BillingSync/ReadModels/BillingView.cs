using System.Runtime.CompilerServices;
using Metering.BillingSync.Reports;
using Metering.Kernel.Projecting;
using Metering.Kernel.ReadModels;
using Metering.Kernel.Streams;
using Microsoft.Extensions.DependencyInjection;

namespace Metering.BillingSync.ReadModels;

/// <summary>Everyone's reports as the read model shows them: a moment behind the streams, from where it is waited for.</summary>
public sealed class BillingView(
    [FromKeyedServices(BillingProjection.Name)] IReadModel model, [FromKeyedServices(BillingProjection.Name)] Projector projector,
    [FromKeyedServices(BillingProjection.Name)] Keeper keeper, IEventStreams streams, TimeProvider clock)
{
    /// <summary>Documents read at once.</summary>
    public const int Page = 250;

    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(100);

    /// <summary>The report under an identifier; none if there is no such one.</summary>
    public async Task<BilledReport?> Find(string identifier, CancellationToken cancellation) =>
        (await model.Load<BilledReport>([identifier], cancellation)).GetValueOrDefault(identifier);

    /// <summary>One page of an index.</summary>
    public Task<IReadOnlyList<T>> Range<T>(DocumentIndex<T> index, KeyRange range, int limit, CancellationToken cancellation)
        where T : class, IDocument => model.Range(index, range, limit, cancellation);

    /// <summary>All of a range of an index, a page in memory at a time.</summary>
    public async IAsyncEnumerable<T> Scan<T>(
        DocumentIndex<T> index, KeyRange range, [EnumeratorCancellation] CancellationToken cancellation) where T : class, IDocument
    {
        await foreach (var page in Pages(index, range, cancellation))
            foreach (var document in page) yield return document;
    }

    /// <summary>Reports that wait for a customer, each with its period.</summary>
    public async IAsyncEnumerable<(BilledReport Report, BilledPeriod Period)> Unlinked(
        [EnumeratorCancellation] CancellationToken cancellation)
    {
        await foreach (var page in Pages(BilledReport.ByStatus, BilledReport.Of(ReportStatus.Unlinked), cancellation))
        {
            var periods = await model.Load<BilledPeriod>([.. page.Select(PeriodOf).Distinct()], cancellation);
            foreach (var report in page) yield return (report, periods[PeriodOf(report)]);
        }
    }

    /// <summary>Completes once the documents have an event of a user's billing stream.</summary>
    public Task WaitFor(string user, long revision, CancellationToken cancellation) => WaitUntil(
        async () => (await model.Load<BilledUser>([user], cancellation)).GetValueOrDefault(user)?.Revision >= revision, cancellation);

    /// <summary>Completes once the documents have all that is stored by now, whoever stored it.</summary>
    public async Task CatchUp(CancellationToken cancellation)
    {
        var last = await model.Checkpoint(cancellation);
        await foreach (var batch in streams.Subscribe(last, [BillingModel.Prefix], cancellation))
        {
            if (batch.Events.Count > 0) last = batch.Events[^1].Position;
            if (batch.CaughtUp) break;
        }
        await WaitUntil(async () => await model.Checkpoint(cancellation) >= last, cancellation);
    }

    private async IAsyncEnumerable<IReadOnlyList<T>> Pages<T>(
        DocumentIndex<T> index, KeyRange range, [EnumeratorCancellation] CancellationToken cancellation) where T : class, IDocument
    {
        while (await model.Range(index, range, Page, cancellation) is { Count: > 0 } page)
        {
            yield return page;
            range = range with { After = index.PlaceOf(page[^1]) };
        }
    }

    // another instance's projector tells nothing here: what it has stored is looked for
    private async Task WaitUntil(Func<Task<bool>> reached, CancellationToken cancellation)
    {
        while (true)
        {
            var seen = projector.Progress;
            if (await reached()) return;
            if (keeper.IsKeeping) await projector.WaitUntil(progress => !ReferenceEquals(progress, seen), cancellation);
            else await Task.Delay(Look, clock, cancellation);
        }
    }

    private static string PeriodOf(BilledReport report) => BilledPeriod.IdOf(report.User, report.Planned.Period);
}
