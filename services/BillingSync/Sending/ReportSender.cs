using Metering.BillingSync.Reports;
using Metering.Kernel.Deciding;
using Microsoft.Extensions.Logging;

namespace Metering.BillingSync.Sending;

/// <summary>A report to send: the rest is in its stream.</summary>
public readonly record struct SendJob(string User, string Identifier, string StripeCustomer, string StripeMeter);

/// <summary>
/// Sends reports: one call at a time per customer and meter, customers at once, each attempt recorded before it is made and its answer
/// after. It remembers nothing that matters: whatever is planned and not answered is in its stream, and <see cref="Backlog"/> finds it at
/// the next start, or once there is room for it.
/// </summary>
public sealed partial class ReportSender(
    DecisionRunner<BillingState, BillingCommand, BillingAnswer> runner, IUsageSink sink, StripeOptions options, TimeProvider clock,
    ILogger<ReportSender> logger) : IDisposable
{
    /// <inheritdoc cref="Lanes.Room"/>
    public const int InHandMost = Lanes.Room;

    /// <inheritdoc cref="Lanes.LaneMost"/>
    public const int OfLaneMost = Lanes.LaneMost;

    private static readonly Caller Self = new("billing-sync", null);

    private readonly Lock gate = new();
    private readonly Lanes lanes = new();
    private readonly SemaphoreSlim calls = new(options.Concurrency);
    private readonly Pace pace = new(options.Rate, clock);
    private CancellationTokenSource stopping = new();
    private TaskCompletionSource tried = new();
    private bool isStopped;

    /// <summary>
    /// Why nothing is sent any more, until it is resumed or restarted: Stripe does not accept the key. None while all is well.
    /// </summary>
    public string? Halted { get; private set; }

    /// <summary>How many reports are in hand: they wait or are being sent. More may be in their streams.</summary>
    public int Waiting => lanes.Count;

    /// <summary>Takes up what is to be sent of a user, as far as there is room. One that is in hand stays where it is.</summary>
    public void Enqueue(string user, IEnumerable<Outgoing> open)
    {
        foreach (var report in open)
            if (lanes.Add(new(user, report.Identifier, report.StripeCustomer, report.EventName)) is { } begun) _ = Run(begun);
    }

    /// <summary>Completes once something is to be sent that found no room, or may be: what to call <see cref="Looked"/> with.</summary>
    public Task<long> WhenBehind(CancellationToken cancellation) => lanes.WhenBehind(cancellation);

    /// <summary>Completes once there is room for so many reports; false if none is sent any more.</summary>
    public Task<bool> WhenRoom(int count, CancellationToken cancellation) => lanes.WhenRoom(count, cancellation);

    /// <summary>Takes up a report that was found. False if its customer and meter have enough in hand: it is looked for again then.</summary>
    public bool TakeUp(SendJob job)
    {
        var hasRoom = lanes.TryAdd(job, out var begun);
        if (begun is not null) _ = Run(begun);
        return hasRoom;
    }

    /// <summary>Everything was offered that had found no room by then.</summary>
    public void Looked(long seen) => lanes.Looked(seen);

    /// <summary>Goes on after Stripe had refused the key, with everything that is to be sent. False if nothing had stopped it.</summary>
    public async Task<bool> Resume()
    {
        if (Halted is null) return false;
        await WhenIdle();
        lock (gate)
        {
            if (Halted is null || isStopped) return false;
            stopping.Dispose();
            (stopping, Halted) = (new CancellationTokenSource(), null);
            tried = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            lanes.Open();
            return true;
        }
    }

    /// <summary>Completes once nothing is to be sent or being sent, or nothing more will be.</summary>
    public Task WhenIdle() => lanes.WhenIdle();

    /// <summary>
    /// Completes once a first attempt since the start, or since it was resumed, is over, or nothing is to be sent: <see cref="Halted"/> says
    /// by then whether the key is refused.
    /// </summary>
    public Task WhenTried(CancellationToken cancellation) => Task.WhenAny(tried.Task, WhenIdle()).WaitAsync(cancellation);

    /// <summary>Begins nothing new and lets what is under way end.</summary>
    public async Task Stop(CancellationToken patience)
    {
        lock (gate) isStopped = true;
        lanes.Close();
        await stopping.CancelAsync();
        await WhenIdle().WaitAsync(patience);
    }

    public void Dispose()
    {
        stopping.Dispose();
        calls.Dispose();
    }

    private async Task Run(Lane lane)
    {
        while (lanes.Next(lane) is { } job)
        {
            try
            {
                await Deliver(lane, job);
            }
            catch (Exception) when (stopping.IsCancellationRequested)
            {
                // it stays in its stream
            }
            lanes.Done(lane, job);
        }
    }

    private async Task Deliver(Lane lane, SendJob job)
    {
        var (known, end) = (0, AttemptEnd.None);
        for (var failures = 0; ; failures++)
        {
            stopping.Token.ThrowIfCancellationRequested();
            try
            {
                (known, end, var pause) = await Attempt(job, known, end);
                if (pause is null) return;
                await Wait(lane, pause.Value == TimeSpan.Zero ? Backoff(job, failures) : pause.Value);
            }
            catch (Exception failure) when (!stopping.IsCancellationRequested)
            {
                // The store is away, or a defect: what was recorded stands, and the next attempt begins with what the stream says.
                (known, end) = (0, AttemptEnd.None);
                LogFailed(job.Identifier, failure);
                await Wait(lane, Backoff(job, failures));
            }
        }
    }

    private async Task Wait(Lane lane, TimeSpan pause)
    {
        lanes.Stick(lane, true);
        try
        {
            await Task.Delay(pause, clock, stopping.Token);
        }
        finally
        {
            lanes.Stick(lane, false);
        }
    }

    /// <summary>One attempt from its record to its answer. No pause: it is settled; zero: after a failure, the usual one.</summary>
    private async Task<(int Known, AttemptEnd End, TimeSpan? Pause)> Attempt(SendJob job, int known, AttemptEnd end)
    {
        await calls.WaitAsync(stopping.Token);
        try
        {
            await pace.Take(stopping.Token);
            var begun = await Ask(job, new BeginAttempt(job.Identifier, known, end));
            if (begun is NotYet later) return (known, end, Positive(later.Until - clock.GetUtcNow()));
            if (begun is not Begun attempt) return (known, end, Settled(job, ((Stands)begun).Status));
            return await Call(job, attempt);
        }
        finally
        {
            calls.Release();
            tried.TrySetResult();
        }
    }

    private async Task<(int Known, AttemptEnd End, TimeSpan? Pause)> Call(SendJob job, Begun attempt)
    {
        SyncMeter.Sent.Add(1);
        var result = await sink.Send(attempt.Report, attempt.IdempotencyKey);
        if (result is SendResult.Later later)
        {
            SyncMeter.Retried.Add(1);
            LogLater(job.Identifier, attempt.Attempt, later.Why);
            return (attempt.Attempt, later.End, TimeSpan.Zero);
        }
        var answer = ((SendResult.Answered)result).Answer;
        var stands = (Stands)await Insist(job, new RecordAnswer(job.Identifier, attempt.Attempt, answer));
        if (answer is StripeAnswer.TurnedAway away) Halt(away);
        if (answer is StripeAnswer.Exists && stands.Status == ReportStatus.Rejected) LogCollision(job.Identifier, job.User);
        if (answer is StripeAnswer.Refused { Code: "idempotency_error" } refused) LogKeyReused(job.Identifier, refused.Message);
        return (attempt.Attempt, AttemptEnd.None, Settled(job, stands.Status, (answer as StripeAnswer.Refused)?.Message));
    }

    /// <summary>Records an answer however long the store is away: to ask Stripe again would be slower, not surer.</summary>
    private async Task<BillingAnswer> Insist(SendJob job, BillingCommand command)
    {
        for (var failures = 0; ; failures++)
        {
            try
            {
                return await Ask(job, command);
            }
            catch (Exception failure) when (!stopping.IsCancellationRequested)
            {
                LogFailed(job.Identifier, failure);
                await Task.Delay(Backoff(job, failures), clock, stopping.Token);
            }
        }
    }

    private Task<BillingAnswer> Ask(SendJob job, BillingCommand command) =>
        runner.Handle(BillingModel.StreamOf(job.User), command, Self, CancellationToken.None);

    private TimeSpan? Settled(SendJob job, ReportStatus status, string? why = null)
    {
        SyncMeter.Settled.Add(1, new KeyValuePair<string, object?>("status", status.ToString()));
        if (status is ReportStatus.Rejected or ReportStatus.Doubted or ReportStatus.OutOfWindow)
            LogUnbilled(job.Identifier, job.User, status, why ?? "no answer says why");
        return null;
    }

    // No key, no call: whatever is left would only be turned away as well.
    private void Halt(StripeAnswer.TurnedAway away)
    {
        Halted = $"{away.Code}: {away.Message}";
        LogHalted(Halted);
        lanes.Close();
        stopping.Cancel();
    }

    /// <summary>
    /// Doubled from failure to failure; spread by the identifier, so that what failed together does not come back together.
    /// </summary>
    private TimeSpan Backoff(SendJob job, int failures)
    {
        var doubled = options.RetryAfter * (1L << Math.Min(failures, 30));
        var capped = doubled < options.RetryAfterMost ? doubled : options.RetryAfterMost;
        return capped + (capped * (job.Identifier[^1] % 16) / 64);
    }

    private static TimeSpan Positive(TimeSpan wait) => wait > TimeSpan.Zero ? wait : TimeSpan.FromMilliseconds(1);

    [LoggerMessage(Level = LogLevel.Warning, Message = "attempt {Attempt} of report {Identifier} settled nothing and is repeated: {Why}")]
    private partial void LogLater(string identifier, int attempt, string why);

    [LoggerMessage(Level = LogLevel.Warning, Message = "report {Identifier} could not be recorded and is tried again")]
    private partial void LogFailed(string identifier, Exception failure);

    [LoggerMessage(Level = LogLevel.Error, Message = "report {Identifier} of {User} is {Status} ({Why}): see ListReports")]
    private partial void LogUnbilled(string identifier, string user, ReportStatus status, string why);

    [LoggerMessage(Level = LogLevel.Critical, Message = "identifier {Identifier} of {User} was taken before it was ever sent: somebody else reports under it")]
    private partial void LogCollision(string identifier, string user);

    [LoggerMessage(Level = LogLevel.Critical, Message = "the idempotency key of report {Identifier} was used with other content: {Message}")]
    private partial void LogKeyReused(string identifier, string message);

    [LoggerMessage(Level = LogLevel.Critical, Message = "Stripe does not accept Stripe:ApiKey; nothing is sent until a restart with one that it accepts, or a retry: {Why}")]
    private partial void LogHalted(string why);
}
