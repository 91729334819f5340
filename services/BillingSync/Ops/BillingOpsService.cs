using System.Globalization;
using System.Text;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Metering.BillingSync.Reports;
using Metering.Kernel.Grpc;
using Metering.V1;
using Report = Metering.BillingSync.Reports.Report;

namespace Metering.BillingSync.Ops;

/// <summary>What was, is and will be reported, for those who answer for the invoices.</summary>
internal sealed class BillingOpsService(BillingView view, FailedPeriods failed) : BillingOps.BillingOpsBase
{
    private const int PageDefault = 100;
    private const int PageMost = 1000;

    public override Task<ListReportsReply> ListReports(ListReportsRequest request, ServerCallContext context)
    {
        if (request.HasUser) CheckUser(request.User);
        if (request.PageSize is < 0 or > PageMost) throw RpcErrors.Invalid("page_size", $"0 to {PageMost}", $"it is {request.PageSize}");
        if (!System.Enum.IsDefined(request.State)) throw RpcErrors.Invalid("state", "a state that this version knows", $"it is {(int)request.State}");
        return Task.FromResult(List(request, Place.Parse(request.PageToken)));
    }

    public override Task<GetTotalsReply> GetTotals(GetTotalsRequest request, ServerCallContext context)
    {
        if (request.HasUser) CheckUser(request.User);
        var totals = new SortedDictionary<string, StripeMeterTotal>(StringComparer.Ordinal);
        Each(request.HasUser ? request.User : null, "", (_, state) =>
        {
            foreach (var report in state.Reports) Add(totals, report);
            return true;
        });
        return Task.FromResult(new GetTotalsReply { Totals = { totals.Values } });
    }

    public override Task<ListFailedMessagesReply> ListFailedMessages(ListFailedMessagesRequest request, ServerCallContext context) =>
        failed.List(request, context.CancellationToken);

    public override Task<ReturnFailedMessagesReply> ReturnFailedMessages(ReturnFailedMessagesRequest request, ServerCallContext context) =>
        failed.Return(request, context.CancellationToken);

    private ListReportsReply List(ListReportsRequest request, Place from)
    {
        var (reply, most) = (new ListReportsReply(), request.PageSize == 0 ? PageDefault : request.PageSize);
        Each(request.HasUser ? request.User : null, from.User, (user, state) =>
        {
            for (var i = user == from.User ? from.Index : 0; i < state.Reports.Count; i++)
            {
                if (request.State != ReportState.Unspecified && request.State != StateOf(state.Reports[i].Status)) continue;
                if (reply.Reports.Count == most)
                {
                    reply.NextPageToken = new Place(user, i).ToString();
                    return false;
                }
                reply.Reports.Add(ToMessage(user, state.Reports[i]));
            }
            return true;
        });
        return reply;
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
        else total.Rejected += report.Value;
        if (report.Status == ReportStatus.Accepted) total.Accepted += report.Value;
        if (report.Status == ReportStatus.Unlinked) total.Unlinked += report.Value;
    }

    private static V1.Report ToMessage(string user, Report report)
    {
        var message = new V1.Report
        {
            Identifier = report.Identifier, User = user, Period = report.Planned.Period, Group = report.Planned.Group,
            StripeMeter = report.Planned.EventName, Value = report.Value, Timestamp = report.Planned.Timestamp.ToTimestamp(),
            State = StateOf(report.Status), Attempts = report.Attempts, PlannedAt = report.Planned.At.ToTimestamp(),
            UpdatedAt = report.UpdatedAt.ToTimestamp(),
        };
        if (report.StripeCustomer is { } customer) message.StripeCustomer = customer;
        if (report.Code is { } code) message.ErrorCode = code;
        if (report.Message is { } text) message.ErrorMessage = text;
        return message;
    }

    private static ReportState StateOf(ReportStatus status) => status switch
    {
        ReportStatus.Unlinked => ReportState.Unlinked,
        ReportStatus.Planned => ReportState.Planned,
        ReportStatus.Sent => ReportState.Sent,
        ReportStatus.Accepted => ReportState.Accepted,
        ReportStatus.Rejected => ReportState.Rejected,
        ReportStatus.Doubted => ReportState.Ambiguous,
        ReportStatus.OutOfWindow => ReportState.OutOfWindow,
        _ => throw new InvalidOperationException($"{status} has no name outside"),
    };

    private static void CheckUser(string user)
    {
        if (user.Length is < 1 or > 128 || !user.All(c => char.IsAsciiLetterOrDigit(c) || "_.:@-".Contains(c)))
            throw RpcErrors.Invalid("user", "1 to 128 characters of A-Z a-z 0-9 _ . : @ -", "it is not one");
    }

    /// <summary>Where a page begins: a user, and the number of that user's report.</summary>
    private readonly record struct Place(string User, int Index)
    {
        public static Place Parse(string token)
        {
            if (token.Length == 0) return new("", 0);
            try
            {
                var parts = Encoding.UTF8.GetString(Convert.FromBase64String(token)).Split('\n');
                return new(parts[1], int.Parse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture));
            }
            catch (Exception malformed) when (malformed is FormatException or OverflowException or IndexOutOfRangeException)
            {
                throw RpcErrors.Invalid("page_token", "empty, or next_page_token of the page before", "it is not one");
            }
        }

        public override string ToString() =>
            Convert.ToBase64String(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{Index}\n{User}")));
    }
}
