using System.Text.Json;
using Metering.BillingSync.ReadModels;
using Metering.BillingSync.Reports;
using Metering.BillingSync.Sending;
using Metering.Kernel.Deciding;
using Microsoft.Extensions.Logging;

namespace Metering.BillingSync.Webhooks;

/// <summary>
/// Usage that Stripe took and then dropped. That it did is recorded and acknowledged at once; what, is fetched and taken in afterwards,
/// however often that takes: the reports that it names are rejected, and a resync plans them anew. It names only samples, so what it counts
/// beyond them stays on record for people and for the reconciliation.
/// </summary>
public sealed partial class ErrorReports(
    DecisionRunner<StripeState, StripeCommand, Known> runner, DecisionRunner<BillingState, BillingCommand, BillingAnswer> reports,
    BillingView view, StripeReads stripe, StripeOptions options, TimeProvider clock, ILogger<ErrorReports> logger) : IDisposable
{
    /// <summary>The thin events that are about it.</summary>
    public static readonly IReadOnlySet<string> Types =
        new HashSet<string> { "v1.billing.meter.error_report_triggered", "v1.billing.meter.no_meter_found" };

    private const int UnknownMost = 100;

    private static readonly Caller Self = new("stripe-webhooks", null);

    private readonly Lock gate = new();
    private readonly Dictionary<string, Task> underWay = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource stopping = new();

    /// <summary>Takes one in. False if it had been before.</summary>
    public async Task<bool> Hear(HearErrors heard, CancellationToken cancellation)
    {
        var known = await runner.Handle(StripeModel.StreamOf(heard.EventId), heard, Self, cancellation);
        Begin(heard.EventId);
        return !known.IsRepeat;
    }

    /// <summary>Takes up one that was recorded and not yet taken in; one that is under way is left to itself.</summary>
    public void Begin(string eventId)
    {
        lock (gate)
            if (!stopping.IsCancellationRequested && !underWay.ContainsKey(eventId)) underWay[eventId] = Run(eventId);
    }

    /// <summary>Completes once nothing is under way.</summary>
    public Task WhenIdle()
    {
        lock (gate) return Task.WhenAll(underWay.Values);
    }

    public void Dispose()
    {
        if (stopping.IsCancellationRequested) return;
        stopping.Cancel();
        stopping.Dispose();
    }

    private async Task Run(string eventId)
    {
        var stop = stopping.Token;
        // not within the gate, nor within the webhook's call
        await Task.Yield();
        for (var failures = 0; !stop.IsCancellationRequested; failures++)
        {
            try
            {
                if (await TryTake(eventId, stop)) break;
                await Pause(failures, stop);
            }
            catch (Exception failure) when (!stop.IsCancellationRequested)
            {
                LogFailed(eventId, failure);
                await Pause(failures, stop);
            }
        }
        lock (gate) underWay.Remove(eventId);
    }

    private async Task Pause(int failures, CancellationToken stop)
    {
        var doubled = options.RetryAfter * (1L << Math.Min(failures, 30));
        await Task.Delay(doubled < options.RetryAfterMost ? doubled : options.RetryAfterMost, clock, stop)
            .ConfigureAwait(ConfigureAwaitOptions.ContinueOnCapturedContext | ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <summary>False while the answer to one of the reports is still to come, which decides first.</summary>
    private async Task<bool> TryTake(string eventId, CancellationToken cancellation)
    {
        await view.CatchUp(cancellation);
        var told = await stripe.ThinEvent(eventId, cancellation);
        if (told is not { } found) return await Settle(new TakeErrors(eventId, 0, 0, [], "Stripe no longer has it"), cancellation);
        var (data, samples) = (found.Need("data"), SamplesOf(found.Need("data").Need("reason")));
        var unknown = new List<string>();
        foreach (var sample in samples)
        {
            var status = await Reject(sample, cancellation);
            if (status is ReportStatus.Sent or ReportStatus.Planned) return false;
            if (status is null) unknown.Add(sample.Identifier);
        }
        return await Settle(
            new TakeErrors(eventId, data.Need("reason").Number("error_count"), samples.Count, [.. unknown.Take(UnknownMost)],
                data.TextOrNone("developer_message_summary") ?? ""),
            cancellation);
    }

    private async Task<bool> Settle(TakeErrors taken, CancellationToken cancellation)
    {
        await runner.Handle(StripeModel.StreamOf(taken.EventId), taken, Self, cancellation);
        SyncMeter.Dropped.Add(taken.Errors);
        SyncMeter.Unnamed.Add(Math.Max(0, taken.Errors - taken.Named) + taken.Unknown.Count);
        LogDropped(taken.EventId, taken.Errors, taken.Named, taken.Unknown.Count, taken.Summary);
        return true;
    }

    /// <summary>How the report stands then; none: it is no report of ours.</summary>
    private async Task<ReportStatus?> Reject(Sample sample, CancellationToken cancellation)
    {
        if (await view.Find(sample.Report, cancellation) is not { User: var user }) return null;
        var rejection = new RejectTaken(sample.Report, sample.Code, sample.Message);
        return ((Stands)await reports.Handle(BillingModel.StreamOf(user), rejection, Self, cancellation)).Status;
    }

    private static List<Sample> SamplesOf(JsonElement reason) =>
    [
        .. from type in reason.Find("error_types").List()
           from sample in type.Find("sample_errors").List()
           select new Sample(sample.Need("request").Text("identifier"), type.Text("code"), sample.TextOrNone("error_message") ?? ""),
    ];

    /// <param name="Identifier">The event's, or the idempotency key of its call: ours is the identifier, then # and the attempt.</param>
    private sealed record Sample(string Identifier, string Code, string Message)
    {
        public string Report => Identifier.Split('#')[0];
    }

    [LoggerMessage(
        Level = LogLevel.Error, Message = "Stripe dropped {Errors} meter events ({EventId}), {Named} named, {Unknown} unknown: {Summary}")]
    private partial void LogDropped(string eventId, long errors, long named, int unknown, string summary);

    [LoggerMessage(Level = LogLevel.Warning, Message = "what Stripe dropped ({EventId}) could not be taken in and is tried again")]
    private partial void LogFailed(string eventId, Exception failure);
}
