using System.Runtime.CompilerServices;
using Metering.BillingSync.ReadModels;
using Metering.BillingSync.Reports;
using Metering.Kernel.Grpc;
using Metering.Kernel.ReadModels;
using Metering.V1;
using Place = Metering.BillingSync.Ops.Place;
using Report = Metering.BillingSync.Reports.Report;

namespace Metering.BillingSync.Ops;

/// <summary>What is reported, listed from the read model: reports, lines, sums.</summary>
internal sealed class Listings(BillingView view, BillingPolicy policy, TimeProvider clock)
{
    private const int PageDefault = 100;
    private const int PageMost = 1000;

    public async Task<ListReportsReply> Reports(ListReportsRequest request, CancellationToken cancellation)
    {
        if (request.HasUser) Asked.User(request.User);
        var (status, most, from) = (StatusOf(request.State), Most(request.PageSize), Place.Parse(request.PageToken));
        var range = RangeOf(request.HasUser ? request.User : null, status, from);
        var page = await view.Range(status is null ? BilledReport.ByUser : BilledReport.ByStatus, range, most + 1, cancellation);
        var reply = new ListReportsReply { Reports = { page.Take(most).Select(BillingWire.Of) } };
        if (page.Count > most) reply.NextPageToken = new Place(page[most].User, page[most].Number).ToString();
        return reply;
    }

    public async Task<ListLinesReply> Lines(ListLinesRequest request, CancellationToken cancellation)
    {
        if (request.HasUser) Asked.User(request.User);
        var (reply, most, from) = (new ListLinesReply(), Most(request.PageSize), Place.Parse(request.PageToken));
        var range = RangeOf(request.HasUser ? request.User : null, from);
        await foreach (var (period, number, line) in Lines(range, request.UnsettledOnly, cancellation))
        {
            if (period.Id == from.Key && number < from.Index) continue;
            if (reply.Lines.Count == most) reply.NextPageToken = new Place(period.Id, number).ToString();
            if (reply.NextPageToken.Length > 0) break;
            reply.Lines.Add(BillingWire.Of(period.User, line));
        }
        return reply;
    }

    public async Task<GetTotalsReply> Totals(GetTotalsRequest request, CancellationToken cancellation)
    {
        if (request.HasUser) Asked.User(request.User);
        var reply = new GetTotalsReply();
        if (request.HasUser) reply.Totals.AddRange((await TotalsOf(request.User, cancellation)).Select(BillingWire.Of));
        else
            await foreach (var meter in view.Scan(BilledMeter.ByName, KeyRange.All, cancellation)) reply.Totals.Add(BillingWire.Of(meter));
        return reply;
    }

    private async Task<IEnumerable<BilledMeter>> TotalsOf(string user, CancellationToken cancellation)
    {
        var totals = new SortedDictionary<string, BilledMeter>(StringComparer.Ordinal);
        await foreach (var report in view.Scan(BilledReport.ByUser, BilledReport.Of(user), cancellation))
        {
            var name = report.Planned.EventName;
            totals[name] = (totals.GetValueOrDefault(name) ?? new(name)).Plus(report.Standing, Report.ValueOf(report.Planned));
        }
        return totals.Values;
    }

    /// <summary>Lines with their number in their period, as they stand now.</summary>
    private async IAsyncEnumerable<(BilledPeriod Period, int Number, LineStanding Line)> Lines(
        KeyRange range, bool isUnsettledOnly, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var now = clock.GetUtcNow();
        await foreach (var period in view.Scan(isUnsettledOnly ? BilledPeriod.ByUnsettled : BilledPeriod.ByUser, range, cancellation))
            foreach (var (number, balance) in period.Lines().Index())
                if (Carrying.StandingOf(period.Taken, policy, balance, now) is var line && !(isUnsettledOnly && line.IsSettled))
                    yield return (period, number, line);
    }

    private static KeyRange RangeOf(string? user, ReportStatus? status, Place from)
    {
        var all = (user, status) switch
        {
            (not null, _) => BilledReport.Of(user, status),
            (_, { } one) => BilledReport.Of(one),
            _ => KeyRange.All,
        };
        if (from.Key.Length == 0 || (user is not null && user != from.Key)) return all;
        var place = BilledReport.PlaceOf(from.Key, from.Index);
        return all with { From = status is null ? place : $"{status} {place}" };
    }

    private static KeyRange RangeOf(string? user, Place from)
    {
        var all = user is null ? KeyRange.All : BilledPeriod.Of(user);
        return string.CompareOrdinal(from.Key, all.From) > 0 ? all with { From = from.Key } : all;
    }

    private static ReportStatus? StatusOf(ReportState state)
    {
        if (!Enum.IsDefined(state)) throw RpcErrors.Invalid("state", "a state that this version knows", $"it is {(int)state}");
        return state == ReportState.Unspecified ? null : Enum.GetValues<ReportStatus>().Single(status => BillingWire.Of(status) == state);
    }

    private static int Most(int size)
    {
        if (size is < 0 or > PageMost) throw RpcErrors.Invalid("page_size", $"0 to {PageMost}", $"it is {size}");
        return size == 0 ? PageDefault : size;
    }
}
