using System.Globalization;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Metering.BillingSync.Reconciling;
using Metering.Kernel.Grpc;
using Metering.Kernel.Streams;
using Metering.V1;
using Difference = Metering.BillingSync.Reconciling.Difference;

namespace Metering.BillingSync.Ops;

/// <summary>Reconciles on demand, and tells what differs.</summary>
internal sealed class Reconciliation(Reconciler reconciler, ReadBudget budget, IEventStreams streams, BillingOptions options)
{
    private const int ListedMost = 100;

    public async Task Reconcile(ReconcileRequest request, IServerStreamWriter<ReconcileReply> replies, CancellationToken cancellation)
    {
        var (order, summary) = (OrderOf(request), new ReconcileSummary { Recorded = request.Record });
        if (request.HasUser) await Asked.Period(streams, request.User, request.Period, cancellation);
        try
        {
            var tally = await reconciler.Run(order, Tell, cancellation);
            (summary.Windows, summary.Skipped) = (tally.Windows, tally.Skipped);
        }
        catch (StripeUnreadableException away)
        {
            throw away.IsRefused
                ? RpcErrors.Of(StatusCode.FailedPrecondition, "", "one that it accepts", $"Stripe refuses Stripe:ApiKey: {away.Message}")
                : RpcErrors.Of(StatusCode.Unavailable, "", "the same request, once it does", $"Stripe does not answer: {away.Message}");
        }
        summary.ReadsLeft = await budget.Left(cancellation);
        await replies.WriteAsync(new ReconcileReply { Summary = summary }, cancellation);

        async Task Tell(Reconciled seen)
        {
            Add(summary, seen);
            if (request.HasUser || request.Recheck || HasNews(seen))
                await replies.WriteAsync(new ReconcileReply { Window = Of(seen) }, cancellation);
        }
    }

    private ReconcileOrder OrderOf(ReconcileRequest request)
    {
        if (request.HasUser) Asked.User(request.User);
        if (request.Period < 0) throw RpcErrors.Invalid("period", "0 for all, or a period's number", $"it is {request.Period}");
        if (options.File is not null)
            throw RpcErrors.Of(StatusCode.FailedPrecondition, "", "Billing:Sink to be stripe", "usage is exported to a file");
        return new(request.HasUser ? request.User : null, request.Period == 0 ? null : request.Period, request.Record, request.Recheck);
    }

    private static bool HasNews(Reconciled seen) => seen.Differences.Count > 0 || seen.Failure is not null;

    private static void Add(ReconcileSummary summary, Reconciled seen)
    {
        if (seen.Differences.Count > 0) summary.Differing++;
        if (seen.Differences.Any(part => part.IsToDo)) summary.ToDo++;
        if (seen.Failure is not null) summary.Failed++;
        summary.Confirmed += seen.Confirmed;
        summary.Missing += seen.Missing;
    }

    private static ReconciledWindow Of(Reconciled seen)
    {
        var window = seen.Window;
        var message = new ReconciledWindow
        {
            StripeMeter = window.StripeMeter, From = window.From.ToTimestamp(), To = window.To.ToTimestamp(), Ledger = window.Ledger,
            Reported = window.Reported, Confirmed = seen.Confirmed, Missing = seen.Missing, Failure = seen.Failure ?? "",
        };
        if (window.Customer is { } customer) message.StripeCustomer = customer;
        if (seen.Stripe is { } stripe) message.Stripe = Text(stripe);
        message.Users.AddRange(window.Users.Order(StringComparer.Ordinal).Take(ListedMost));
        message.Differences.AddRange(seen.Differences.Select(Of));
        return message;
    }

    private static V1.Difference Of(Difference part)
    {
        var message = new V1.Difference { Cause = Of(part.Cause), Value = Text(part.Value), ToDo = part.IsToDo };
        message.Identifiers.AddRange(part.Identifiers.Take(ListedMost));
        return message;
    }

    private static string Text(decimal value) => value.ToString("0.############################", CultureInfo.InvariantCulture);

    private static DifferenceCause Of(Cause cause) => cause switch
    {
        Cause.InFlight => DifferenceCause.InFlight,
        Cause.NotYetVisible => DifferenceCause.NotYetVisible,
        Cause.Rejected => DifferenceCause.Rejected,
        Cause.Lost => DifferenceCause.Lost,
        Cause.SentElsewhere => DifferenceCause.SentElsewhere,
        Cause.Late => DifferenceCause.Late,
        Cause.CarriedForward => DifferenceCause.CarriedForward,
        Cause.Unlinked => DifferenceCause.Unlinked,
        Cause.OutOfWindow => DifferenceCause.OutOfWindow,
        Cause.Doubted => DifferenceCause.Doubted,
        Cause.NotReported => DifferenceCause.NotReported,
        Cause.OtherWindow => DifferenceCause.OtherWindow,
        Cause.Returned => DifferenceCause.Returned,
        Cause.Unexplained => DifferenceCause.Unexplained,
        Cause.WaitsForPeriodEnd => DifferenceCause.WaitsForPeriodEnd,
        _ => throw new InvalidOperationException($"{cause} has no name outside"),
    };
}
