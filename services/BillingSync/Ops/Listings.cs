using Metering.BillingSync.Reports;
using Metering.Kernel.Grpc;
using Metering.V1;
using Report = Metering.BillingSync.Reports.Report;

namespace Metering.BillingSync.Ops;

/// <summary>What is reported, listed: reports, lines, sums.</summary>
internal sealed class Listings(BillingView view, BillingPolicy policy, TimeProvider clock)
{
    private const int PageDefault = 100;
    private const int PageMost = 1000;

    public ListReportsReply Reports(ListReportsRequest request)
    {
        if (request.HasUser) Asked.User(request.User);
        if (!Enum.IsDefined(request.State))
            throw RpcErrors.Invalid("state", "a state that this version knows", $"it is {(int)request.State}");
        var reply = new ListReportsReply();
        reply.NextPageToken = Page(
            request.HasUser ? request.User : null, request.PageToken, request.PageSize, state => state.Reports,
            report => request.State == ReportState.Unspecified || request.State == BillingWire.Of(report.Status),
            (user, report) => reply.Reports.Add(BillingWire.Of(user, report)));
        return reply;
    }

    public ListLinesReply Lines(ListLinesRequest request)
    {
        if (request.HasUser) Asked.User(request.User);
        var (reply, now) = (new ListLinesReply(), clock.GetUtcNow());
        reply.NextPageToken = Page(
            request.HasUser ? request.User : null, request.PageToken, request.PageSize, state => Carrying.Survey(state, policy, now),
            line => !request.UnsettledOnly || !line.IsSettled,
            (user, line) => reply.Lines.Add(BillingWire.Of(user, line)));
        return reply;
    }

    public GetTotalsReply Totals(GetTotalsRequest request)
    {
        if (request.HasUser) Asked.User(request.User);
        var totals = new SortedDictionary<string, StripeMeterTotal>(StringComparer.Ordinal);
        Each(request.HasUser ? request.User : null, "", (_, state) =>
        {
            foreach (var report in state.Reports) Add(totals, report);
            return true;
        });
        return new GetTotalsReply { Totals = { totals.Values } };
    }

    /// <summary>Lists page by page; the token of the next page, empty after the last.</summary>
    private string Page<T>(
        string? user, string token, int size, Func<BillingState, IReadOnlyList<T>> all, Func<T, bool> isWanted, Action<string, T> add)
    {
        if (size is < 0 or > PageMost) throw RpcErrors.Invalid("page_size", $"0 to {PageMost}", $"it is {size}");
        var (from, most, count, next) = (Place.Parse(token), size == 0 ? PageDefault : size, 0, "");
        Each(user, from.User, (one, state) =>
        {
            var listed = all(state);
            for (var i = one == from.User ? from.Index : 0; i < listed.Count; i++)
            {
                if (!isWanted(listed[i])) continue;
                if (count++ == most) next = new Place(one, i).ToString();
                if (next.Length > 0) return false;
                add(one, listed[i]);
            }
            return true;
        });
        return next;
    }

    private void Each(string? user, string from, Func<string, BillingState, bool> read)
    {
        if (user is null) view.Scan(from, read);
        else view.Read(user, state => read(user, state));
    }

    private static void Add(SortedDictionary<string, StripeMeterTotal> totals, Report report)
    {
        var meter = report.Planned.EventName;
        if (!totals.TryGetValue(meter, out var total)) totals[meter] = total = new StripeMeterTotal { StripeMeter = meter };
        total.Reports++;
        if (report.Counts) total.Reported += report.Value;
        if (report.Status is ReportStatus.Accepted or ReportStatus.Confirmed) total.Accepted += report.Value;
        if (report.Status == ReportStatus.Unlinked) total.Unlinked += report.Value;
        if (report.Status == ReportStatus.Rejected) total.Rejected += report.Value;
        if (report.Status == ReportStatus.Missing) total.Missing += report.Value;
        if (report.Status == ReportStatus.OutOfWindow) total.OutOfWindow += report.Value;
    }
}
