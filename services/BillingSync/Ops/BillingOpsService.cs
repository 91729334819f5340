using Grpc.Core;
using Metering.Kernel.Projecting;
using Metering.V1;

namespace Metering.BillingSync.Ops;

/// <summary>What was, is and will be reported, for those who answer for the invoices.</summary>
internal sealed class BillingOpsService(
    Listings listings, Corrections corrections, Explanations explanations, Reconciliation reconciliation, StripeProblems problems,
    FailedPeriods failed, KeptReadModels readModels)
    : BillingOps.BillingOpsBase
{
    public override Task<ListReportsReply> ListReports(ListReportsRequest request, ServerCallContext context) =>
        listings.Reports(request, context.CancellationToken);

    public override Task<GetTotalsReply> GetTotals(GetTotalsRequest request, ServerCallContext context) =>
        listings.Totals(request, context.CancellationToken);

    public override Task<ListLinesReply> ListLines(ListLinesRequest request, ServerCallContext context) =>
        listings.Lines(request, context.CancellationToken);

    public override Task Resync(ResyncRequest request, IServerStreamWriter<ResyncReply> replies, ServerCallContext context) =>
        corrections.Resync(request, replies, context.CancellationToken);

    public override Task<MarkMissingReply> MarkMissing(MarkMissingRequest request, ServerCallContext context) =>
        corrections.MarkMissing(request, context.CancellationToken);

    public override Task<RetryReply> Retry(RetryRequest request, ServerCallContext context) =>
        corrections.Retry(request, context.CancellationToken);

    public override Task ExplainReport(
        ExplainReportRequest request, IServerStreamWriter<ExplainReportReply> replies, ServerCallContext context) =>
        explanations.Report(request, replies, context.CancellationToken);

    public override Task ExplainLine(
        ExplainLineRequest request, IServerStreamWriter<ExplainLineReply> replies, ServerCallContext context) =>
        explanations.Line(request, replies, context.CancellationToken);

    public override Task<ListStripeProblemsReply> ListStripeProblems(ListStripeProblemsRequest request, ServerCallContext context) =>
        problems.List(request, context.CancellationToken);

    public override Task Reconcile(ReconcileRequest request, IServerStreamWriter<ReconcileReply> replies, ServerCallContext context) =>
        reconciliation.Reconcile(request, replies, context.CancellationToken);

    public override Task<ListFailedMessagesReply> ListFailedMessages(ListFailedMessagesRequest request, ServerCallContext context) =>
        failed.List(request, context.CancellationToken);

    public override Task<ReturnFailedMessagesReply> ReturnFailedMessages(ReturnFailedMessagesRequest request, ServerCallContext context) =>
        failed.Return(request, context.CancellationToken);

    public override Task<GetProgressReply> GetProgress(GetProgressRequest request, ServerCallContext context) =>
        readModels.Progress(context.CancellationToken);

    public override Task<RebuildReply> Rebuild(RebuildRequest request, ServerCallContext context) =>
        readModels.Rebuild(request, context.CancellationToken);
}
