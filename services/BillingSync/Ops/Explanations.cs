using System.Runtime.CompilerServices;
using Grpc.Core;
using Metering.BillingSync.Explaining;
using Metering.BillingSync.ReadModels;
using Metering.Kernel.Grpc;
using Metering.V1;

namespace Metering.BillingSync.Ops;

/// <summary>
/// Why a report or a line of an invoice is what it is: the line, then the ledger's events, in parts that no message limit stops.
/// </summary>
internal sealed class Explanations(BillingView view, LineExplainer explainer)
{
    private const int PartEvents = 1000;

    public async Task Report(ExplainReportRequest request, IServerStreamWriter<ExplainReportReply> replies, CancellationToken cancellation)
    {
        var report = await Asked.Report(view, request.Identifier, cancellation);
        var story = await explainer.OfReport(report.User, report.Id, cancellation) ?? throw Asked.NoReport();
        await replies.WriteAsync(new ExplainReportReply { Line = BillingWire.Of(story) }, cancellation);
        await foreach (var events in EventsOf(story, cancellation))
            await replies.WriteAsync(new ExplainReportReply { Events = { events } }, cancellation);
    }

    public async Task Line(ExplainLineRequest request, IServerStreamWriter<ExplainLineReply> replies, CancellationToken cancellation)
    {
        Asked.User(request.User);
        var meter = request.StripeMeter.Length == 0 ? null : request.StripeMeter;
        var story = await explainer.OfLine(request.User, request.Period, request.Group, meter, cancellation)
            ?? throw RpcErrors.NotFound(
                "group", "a group that reports to one Stripe meter in that period, or its stripe_meter", "there is no such line");
        await replies.WriteAsync(new ExplainLineReply { Line = BillingWire.Of(story) }, cancellation);
        await foreach (var events in EventsOf(story, cancellation))
            await replies.WriteAsync(new ExplainLineReply { Events = { events } }, cancellation);
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
}
