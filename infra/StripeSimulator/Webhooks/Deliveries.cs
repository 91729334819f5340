using System.Text.Json.Nodes;

namespace Metering.StripeSimulator;

/// <summary>Where events are told: snapshots, or thin events, to one address each, as with the real service.</summary>
public sealed record WebhookTarget(Uri Url, string Secret = WebhookTarget.DefaultSecret, bool Thin = false)
{
    public const string DefaultSecret = "whsec_simulator";

    /// <summary>Types of events; a <c>*</c> at the end stands for the rest.</summary>
    public IReadOnlyList<string> Events { get; init; } = ["*"];

    internal bool Wants(string type, bool thin) => thin == Thin && Events.Any(e => Pattern.Fits(e, type));
}

/// <summary>One attempt to tell an event. <see cref="Status"/> is null where nobody answered, or nobody was asked.</summary>
/// <param name="Fault">What was done wrong on purpose.</param>
public sealed record Delivery(
    string EventId, string Type, Uri Url, int Attempt, DateTimeOffset At, int? Status, string? Error, FaultKind? Fault);

/// <summary>Tells events one by one, in their order but for faults, and again where they are not taken with a 2xx.</summary>
internal sealed class Deliveries : IAsyncDisposable
{
    private const int Kept = 10_000;
    private static readonly TimeSpan[] Again = [TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(10), TimeSpan.FromHours(1)];
    private readonly Lock gate = new();
    private readonly SimulatorOptions options;
    private readonly Faults faults;
    private readonly WebhookPost post;
    private readonly CancellationTokenSource stop = new();
    private readonly List<WebhookTarget> targets;
    private readonly Queue<Parcel> waiting = new();
    private readonly List<Parcel> late = [];
    private readonly Agenda retries = new();
    private readonly Queue<Delivery> made = new();
    private TaskCompletionSource idle = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task running = Task.CompletedTask;

    internal Deliveries(SimulatorOptions options, SimulatedClock clock, Faults faults)
    {
        (this.options, this.faults) = (options, faults);
        post = new WebhookPost(clock.Real, options.WebhookTimeout);
        targets = [.. options.Webhooks];
        idle.SetResult();
    }

    internal IReadOnlyList<Delivery> Made
    {
        get { lock (gate) return [.. made]; }
    }

    internal IReadOnlyList<WebhookTarget> Targets
    {
        get { lock (gate) return [.. targets]; }
    }

    /// <summary>Completes once nothing is under way; what is kept back by a fault, or is to be told again later, is not.</summary>
    internal Task Idle
    {
        get { lock (gate) return idle.Task; }
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        Task last;
        lock (gate) last = running;
        await last;
        post.Dispose();
        stop.Dispose();
    }

    internal void Add(WebhookTarget target)
    {
        lock (gate) targets.Add(target);
    }

    internal int CountFor(string type, bool thin)
    {
        lock (gate) return targets.Count(t => t.Wants(type, thin));
    }

    internal void Send(AccountEvent told)
    {
        lock (gate)
        {
            foreach (var target in targets.Where(t => t.Wants(told.Type, told.IsThin)))
                Enqueue(new Parcel(told, target, 1, IsPlain: false));
        }
    }

    internal void CatchUp(DateTimeOffset now)
    {
        lock (gate) retries.CatchUp(now);
    }

    /// <summary>Tells what a fault kept back.</summary>
    internal void Release()
    {
        lock (gate)
        {
            foreach (var parcel in TakeLate()) Enqueue(parcel with { IsPlain = true });
        }
    }

    private void Enqueue(Parcel parcel)
    {
        waiting.Enqueue(parcel);
        if (!idle.Task.IsCompleted) return;
        idle = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        running = Task.Run(RunAsync);
    }

    private async Task RunAsync()
    {
        while (Next() is { } parcel) await TellAsync(parcel);
    }

    private Parcel? Next()
    {
        lock (gate)
        {
            if (!stop.IsCancellationRequested && waiting.TryDequeue(out var parcel)) return parcel;
            idle.TrySetResult();
            return null;
        }
    }

    private async Task TellAsync(Parcel parcel)
    {
        var fault = parcel.IsPlain ? null : faults.TakeDelivery(parcel.Told.Type)?.Kind;
        if (fault == FaultKind.DeliverLate)
        {
            lock (gate) late.Add(parcel);
            return;
        }

        await AttemptAsync(parcel, fault);
        if (fault == FaultKind.DeliverTwice) await AttemptAsync(parcel, fault);
        foreach (var kept in TakeLate()) await AttemptAsync(kept, FaultKind.DeliverLate);
    }

    private List<Parcel> TakeLate()
    {
        lock (gate)
        {
            List<Parcel> taken = [.. late];
            late.Clear();
            return taken;
        }
    }

    private async Task AttemptAsync(Parcel parcel, FaultKind? fault)
    {
        var (status, error) = fault == FaultKind.DeliverNever
            ? (null, "lost")
            : await post.SendAsync(parcel.Target, BodyOf(parcel, fault), fault, stop.Token);
        lock (gate)
        {
            made.Enqueue(new Delivery(
                parcel.Told.Id, parcel.Told.Type, parcel.Target.Url, parcel.Attempt, options.Time.GetUtcNow(), status, error, fault));
            if (made.Count > Kept) made.Dequeue();
            if (fault == FaultKind.DeliverNever || status is >= 200 and < 300 || parcel.Attempt > Again.Length) return;
            var next = parcel with { Attempt = parcel.Attempt + 1, IsPlain = true };
            retries.Add(options.Time.GetUtcNow() + Again[parcel.Attempt - 1], _ => Enqueue(next));
        }
    }

    private static string BodyOf(Parcel parcel, FaultKind? fault)
    {
        var body = (JsonObject)parcel.Told.Payload.DeepClone();
        if (fault == FaultKind.DeliverOtherVersion && !parcel.Told.IsThin) body["api_version"] = "2024-06-20";
        return body.ToJsonString(Wire.Json);
    }

    /// <summary>A plain parcel has met its faults already.</summary>
    private sealed record Parcel(AccountEvent Told, WebhookTarget Target, int Attempt, bool IsPlain);
}
