using System.Runtime.CompilerServices;
using Grpc.Core;
using Metering.BillingSync.Explaining;
using Metering.BillingSync.Reports;
using Metering.BillingSync.Resyncing;
using Metering.BillingSync.Sending;
using Metering.Kernel.Deciding;
using Metering.Kernel.Grpc;
using Metering.Kernel.Streams;
using Metering.V1;
using Report = Metering.BillingSync.Reports.Report;

namespace Metering.BillingSync.Ops;

/// <summary>What was, is and will be reported, for those who answer for the invoices.</summary>
internal sealed class BillingOpsService(
    BillingView view, DecisionRunner<BillingState, BillingCommand, BillingAnswer> runner, Resync resync, Retrying retrying, LineExplainer explainer,
    ReportSender sender, BillingOptions options, BillingPolicy policy, IEventStreams streams, TimeProvider clock) : BillingOps.BillingOpsBase
{
    private const int PageDefault = 100;
    private const int PageMost = 1000;
    private const int WhyMost = 500;
    private const int PartEvents = 1000;

    private static readonly Caller Operator = new("billing-ops", null);

    public override Task<ListReportsReply> ListReports(ListReportsRequest request, ServerCallContext context)
    {
        if (request.HasUser) CheckUser(request.User);
        CheckPage(request.PageSize);
        if (!Enum.IsDefined(request.State)) throw RpcErrors.Invalid("state", "a state that this version knows", $"it is {(int)request.State}");
        var reply = new ListReportsReply();
        reply.NextPageToken = Page(
            request.HasUser ? request.User : null, request.PageToken, request.PageSize, state => state.Reports,
            (_, report) => request.State == ReportState.Unspecified || request.State == BillingWire.Of(report.Status),
            (user, report) => reply.Reports.Add(BillingWire.Of(user, report)));
        return Task.FromResult(reply);
    }

    public override Task<ListLinesReply> ListLines(ListLinesRequest request, ServerCallContext context)
    {
        if (request.HasUser) CheckUser(request.User);
        CheckPage(request.PageSize);
        var (reply, now) = (new ListLinesReply(), clock.GetUtcNow());
        reply.NextPageToken = Page<LineStanding>(
            request.HasUser ? request.User : null, request.PageToken, request.PageSize,
            state => [.. state.Lines.Select(line => new LineStanding(line, Carrying.Due(state, policy, line, now)?.Reason))],
            (_, line) => !request.UnsettledOnly || line.Balance.Rest != 0 || line.Waits is not null,
            (user, line) => reply.Lines.Add(BillingWire.Of(user, line)));
        return Task.FromResult(reply);
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

    public override async Task Resync(ResyncRequest request, IServerStreamWriter<ResyncReply> replies, ServerCallContext context)
    {
        if (request.HasUser) CheckUser(request.User);
        if (request.Period < 0) throw RpcErrors.Invalid("period", "0 for all, or a period's number", $"it is {request.Period}");
        var order = new ResyncOrder(request.Period == 0 ? null : request.Period, request.DryRun, options.CarriesByItself || request.CarryForward);
        var summary = new ResyncSummary { DryRun = request.DryRun };
        foreach (var user in request.HasUser ? [request.User] : await LedgerUsers(context.CancellationToken))
        {
            var done = await ResyncOne(user, order, context.CancellationToken);
            Add(summary, done);
            if (request.HasUser || HasNews(done)) await replies.WriteAsync(new ResyncReply { User = done }, context.CancellationToken);
        }
        await replies.WriteAsync(new ResyncReply { Summary = summary }, context.CancellationToken);
    }

    public override async Task<MarkMissingReply> MarkMissing(MarkMissingRequest request, ServerCallContext context)
    {
        if (request.Why.Length is < 1 or > WhyMost) throw RpcErrors.Invalid("why", $"1 to {WhyMost} characters", $"it has {request.Why.Length}");
        var (user, _) = Find(request.Identifier);
        var stands = (Stands)await runner.Handle(
            BillingModel.StreamOf(user), new MarkMissing(request.Identifier, request.Why), Operator, context.CancellationToken);
        if (stands.Status != ReportStatus.Missing)
            throw RpcErrors.Of(
                StatusCode.FailedPrecondition, "identifier", "a report that is accepted, confirmed or ambiguous",
                $"it is {BillingWire.Of(stands.Status)}");
        await view.WaitFor(user, stands.Revision, context.CancellationToken);
        return new MarkMissingReply { Report = view.Find(request.Identifier, BillingWire.Of) };
    }

    public override async Task<RetryReply> Retry(RetryRequest request, ServerCallContext context)
    {
        var done = request.Identifier.Length == 0
            ? await retrying.All(context.CancellationToken)
            : await RetryOne(request.Identifier, context.CancellationToken);
        return new RetryReply { Resumed = done.Resumed, Planned = done.Planned, Linked = done.Linked, Waiting = sender.Waiting };
    }

    public override async Task ExplainReport(
        ExplainReportRequest request, IServerStreamWriter<ExplainReportReply> replies, ServerCallContext context)
    {
        var (user, report) = Find(request.Identifier);
        var story = await explainer.OfReport(user, report.Identifier, context.CancellationToken) ?? throw NoReport();
        await replies.WriteAsync(new ExplainReportReply { Line = BillingWire.Of(story) }, context.CancellationToken);
        await foreach (var events in EventsOf(story, context.CancellationToken))
            await replies.WriteAsync(new ExplainReportReply { Events = { events } }, context.CancellationToken);
    }

    public override async Task ExplainLine(ExplainLineRequest request, IServerStreamWriter<ExplainLineReply> replies, ServerCallContext context)
    {
        CheckUser(request.User);
        var meter = request.StripeMeter.Length == 0 ? null : request.StripeMeter;
        var story = await explainer.OfLine(request.User, request.Period, request.Group, meter, context.CancellationToken)
            ?? throw RpcErrors.NotFound("group", "a group that reports to one Stripe meter in that period, or its stripe_meter", "there is no such line");
        await replies.WriteAsync(new ExplainLineReply { Line = BillingWire.Of(story) }, context.CancellationToken);
        await foreach (var events in EventsOf(story, context.CancellationToken))
            await replies.WriteAsync(new ExplainLineReply { Events = { events } }, context.CancellationToken);
    }

    private async IAsyncEnumerable<List<BilledEvent>> EventsOf(LineStory story, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var events = new List<BilledEvent>();
        await foreach (var part in explainer.Parts(story, cancellation))
        {
            events.Add(BillingWire.Of(part));
            if (events.Count < PartEvents) continue;
            yield return events;
            events = [];
        }
        if (events.Count > 0) yield return events;
    }

    private async Task<Retried> RetryOne(string identifier, CancellationToken cancellation)
    {
        var (user, report) = Find(identifier);
        if (report.Status is ReportStatus.Accepted or ReportStatus.Doubted or ReportStatus.OutOfWindow)
            throw RpcErrors.Of(
                StatusCode.FailedPrecondition, "identifier", "a report that is planned, sent, unlinked, rejected or missing",
                $"it is {BillingWire.Of(report.Status)}");
        return await retrying.One(user, report, cancellation);
    }

    private async Task<IReadOnlyCollection<string>> LedgerUsers(CancellationToken cancellation)
    {
        try
        {
            return await Replaying.LedgerStreams.Users(streams, cancellation);
        }
        catch (StreamsUnavailableException)
        {
            throw RpcErrors.Of(StatusCode.Unavailable, "", "the same request, a little later", "the event store cannot be reached now");
        }
    }

    /// <summary>One user's trouble is that user's.</summary>
    private async Task<ResyncedUser> ResyncOne(string user, ResyncOrder order, CancellationToken cancellation)
    {
        try
        {
            return BillingWire.Of(await resync.Run(user, order, cancellation));
        }
        catch (Exception failure) when (!cancellation.IsCancellationRequested)
        {
            return new ResyncedUser { User = user, Failure = failure.Message };
        }
    }

    private static bool HasNews(ResyncedUser done) => done.Lines.Count > 0 || done.Linked > 0 || done.Failure.Length > 0;

    private static void Add(ResyncSummary summary, ResyncedUser done)
    {
        summary.Users++;
        if (done.Failure.Length > 0) summary.Failed++;
        if (done.Linked > 0 || done.Lines.Any(line => line.Identifiers.Count > 0 || line.CarriedTo > 0)) summary.Changed++;
        summary.Reports += done.Lines.Sum(line => line.Identifiers.Count);
        summary.Carried += done.Lines.Count(line => line.CarriedTo > 0);
        summary.Waiting += done.Lines.Count(line => line.Line.Waits != V1.CarryReason.Unspecified);
    }

    private (string User, Report Report) Find(string identifier) =>
        view.Find(identifier, (user, report) => Tuple.Create(user, report)) is var (user, report) ? (user, report) : throw NoReport();

    private static RpcException NoReport() => RpcErrors.NotFound("identifier", "the identifier of a report", "there is no such report");

    /// <summary>Lists page by page; the token of the next page, empty after the last.</summary>
    private string Page<T>(
        string? user, string token, int size, Func<BillingState, IReadOnlyList<T>> all, Func<string, T, bool> isWanted, Action<string, T> add)
    {
        var (from, most, count, next) = (Place.Parse(token), size == 0 ? PageDefault : size, 0, "");
        Each(user, from.User, (one, state) =>
        {
            var listed = all(state);
            for (var i = one == from.User ? from.Index : 0; i < listed.Count; i++)
            {
                if (!isWanted(one, listed[i])) continue;
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
        if (report.Status == ReportStatus.Accepted) total.Accepted += report.Value;
        if (report.Status == ReportStatus.Unlinked) total.Unlinked += report.Value;
        if (report.Status == ReportStatus.Rejected) total.Rejected += report.Value;
        if (report.Status == ReportStatus.Missing) total.Missing += report.Value;
        if (report.Status == ReportStatus.OutOfWindow) total.OutOfWindow += report.Value;
    }

    private static void CheckPage(int size)
    {
        if (size is < 0 or > PageMost) throw RpcErrors.Invalid("page_size", $"0 to {PageMost}", $"it is {size}");
    }

    private static void CheckUser(string user)
    {
        if (user.Length is < 1 or > 128 || !user.All(c => char.IsAsciiLetterOrDigit(c) || "_.:@-".Contains(c)))
            throw RpcErrors.Invalid("user", "1 to 128 characters of A-Z a-z 0-9 _ . : @ -", "it is not one");
    }
}
