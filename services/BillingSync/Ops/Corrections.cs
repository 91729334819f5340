using Grpc.Core;
using Metering.BillingSync.ReadModels;
using Metering.BillingSync.Reconciling;
using Metering.BillingSync.Replaying;
using Metering.BillingSync.Reports;
using Metering.BillingSync.Resyncing;
using Metering.BillingSync.Sending;
using Metering.Kernel.Deciding;
using Metering.Kernel.Grpc;
using Metering.Kernel.ReadModels;
using Metering.Kernel.Streams;
using Metering.V1;
using CarryReason = Metering.V1.CarryReason;

namespace Metering.BillingSync.Ops;

/// <summary>What operators do about reports that are not as the ledger says, or that stand still.</summary>
internal sealed class Corrections(
    BillingView view, DecisionRunner<BillingState, BillingCommand, BillingAnswer> runner, Resync resync, Retrying retrying,
    Reconciler reconciler, ReportSender sender, IEventStreams streams, BillingOptions options)
{
    private const int WhyMost = 500;

    private static readonly Caller Operator = new("billing-ops", null);

    public async Task Resync(ResyncRequest request, IServerStreamWriter<ResyncReply> replies, CancellationToken cancellation)
    {
        if (request.HasUser) Asked.User(request.User);
        if (request.Period < 0) throw RpcErrors.Invalid("period", "0 for all, or a period's number", $"it is {request.Period}");
        if (request.HasUser) await Asked.Period(streams, request.User, request.Period, cancellation);
        var carries = options.CarriesByItself || request.CarryForward;
        var order = new ResyncOrder(request.Period == 0 ? null : request.Period, request.DryRun, carries);
        var summary = new ResyncSummary { DryRun = request.DryRun };
        foreach (var user in request.HasUser ? [request.User] : await UsersOfLedger(cancellation))
        {
            var done = await ResyncOne(user, order, cancellation);
            Add(summary, done);
            if (request.HasUser || HasNews(done)) await replies.WriteAsync(new ResyncReply { User = done }, cancellation);
        }
        if (!request.DryRun) await sender.WhenTried(cancellation);
        summary.Halted = sender.Halted ?? "";
        await replies.WriteAsync(new ResyncReply { Summary = summary }, cancellation);
    }

    public async Task<MarkMissingReply> MarkMissing(MarkMissingRequest request, CancellationToken cancellation)
    {
        if (request.Why.Length is < 1 or > WhyMost)
            throw RpcErrors.Invalid("why", $"1 to {WhyMost} characters", $"it has {request.Why.Length}");
        var report = await Asked.Report(view, request.Identifier, cancellation);
        if (!request.Force && await IsThere(report, cancellation)) throw Asked.Proven("Stripe's summaries contain it");
        var command = new MarkMissing(request.Identifier, request.Why, request.Force);
        var stands = (Stands)await runner.Handle(BillingModel.StreamOf(report.User), command, Operator, cancellation);
        if (stands.Status == ReportStatus.Confirmed) throw Asked.Proven("it is confirmed: Stripe's summaries were found to contain it");
        if (stands.Status != ReportStatus.Missing) throw Asked.Unfit(stands.Status, "accepted or ambiguous");
        await view.WaitFor(report.User, stands.Revision, cancellation);
        return new MarkMissingReply { Report = BillingWire.Of(await Asked.Report(view, request.Identifier, cancellation)) };
    }

    public async Task<RetryReply> Retry(RetryRequest request, CancellationToken cancellation)
    {
        var done = request.Identifier.Length == 0 ? await retrying.All(cancellation) : await RetryOne(request.Identifier, cancellation);
        await sender.WhenTried(cancellation);
        await view.CatchUp(cancellation);
        var reply = new RetryReply { Resumed = done.Resumed, Planned = done.Planned, Linked = done.Linked, Halted = sender.Halted ?? "" };
        await foreach (var _ in view.Scan(BilledReport.ByLane, KeyRange.All, cancellation)) reply.Waiting++;
        var unlinked = BilledReport.Of(ReportStatus.Unlinked);
        await foreach (var _ in view.Scan(BilledReport.ByStatus, unlinked, cancellation)) reply.Unlinked++;
        return reply;
    }

    /// <summary>False as well where Stripe cannot be asked: whoever looked there knows more.</summary>
    private async Task<bool> IsThere(BilledReport report, CancellationToken cancellation)
    {
        var isThere = false;
        if (options.File is not null || report.Standing.Status is not (ReportStatus.Accepted or ReportStatus.Doubted)) return false;
        try
        {
            await reconciler.Run(new ReconcileOrder(report.User, Report: report.Id), Tell, cancellation);
        }
        catch (StripeUnreadableException)
        {
            return false;
        }
        return isThere;

        Task Tell(Reconciled seen)
        {
            isThere |= seen.Findings?.Present.Any(present => present.Identifier == report.Id) == true;
            return Task.CompletedTask;
        }
    }

    private async Task<Retried> RetryOne(string identifier, CancellationToken cancellation)
    {
        var user = (await Asked.Report(view, identifier, cancellation)).User;
        var state = await BillingModel.Read(streams, user, cancellation);
        if (!state.TryFind(identifier, out var report)) throw Asked.NoReport();
        return report.Status is ReportStatus.Accepted or ReportStatus.Confirmed or ReportStatus.Doubted or ReportStatus.OutOfWindow
            ? throw Asked.Unfit(report.Status, "planned, sent, unlinked, rejected or missing")
            : await retrying.One(user, report, cancellation);
    }

    private async Task<IReadOnlyCollection<string>> UsersOfLedger(CancellationToken cancellation)
    {
        try
        {
            return await LedgerUsers.All(streams, cancellation);
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
        summary.Waiting += done.Lines.Count(line => line.Line.Waits != CarryReason.Unspecified);
    }
}
