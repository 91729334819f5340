using System.Text.Json.Serialization;

namespace Metering.StripeSimulator;

[JsonConverter(typeof(JsonStringEnumConverter<FaultKind>))]
public enum FaultKind
{
    /// <summary>Nothing is recorded and the connection breaks.</summary>
    LoseRequest,

    /// <summary>Carried out (recorded, or refused as it would be), then the connection breaks.</summary>
    LoseAnswer,

    /// <summary>Nothing is recorded; answered with <see cref="Fault.Status"/> and <see cref="Fault.Body"/>.</summary>
    Answer,

    /// <summary>Recorded, then answered 500, which its idempotency key replays.</summary>
    FailAfter,

    /// <summary>Takes <see cref="Fault.DelayMs"/> longer, holding the customer and meter meanwhile.</summary>
    Slow,

    /// <summary>Waits, holding the customer and meter, until it is released.</summary>
    Hold,

    /// <summary>Answered 200, then dropped with <see cref="Fault.Code"/>.</summary>
    RejectLater,
}

/// <summary>Something that goes wrong with the next requests that match.</summary>
public sealed record Fault(FaultKind Kind)
{
    /// <summary>How many requests it hits; every one that matches if negative.</summary>
    public int Times { get; init; } = 1;

    /// <summary>Hits each n-th of the requests that match.</summary>
    public int Every { get; init; } = 1;

    public string Path { get; init; } = "/v1/billing/meter_events";
    public string? EventName { get; init; }
    public string? Identifier { get; init; }
    public int Status { get; init; } = 500;
    public string? Body { get; init; }
    public string ContentType { get; init; } = "application/json";
    public bool? ShouldRetry { get; init; }
    public int DelayMs { get; init; }
    public string Code { get; init; } = "meter_event_customer_not_found";

    internal bool Hits(Call call) =>
        call.Path == Path
        && (EventName is null || EventName == call.Find("event_name"))
        && (Identifier is null || Identifier == call.Find("identifier"));

    internal Answer ToAnswer()
    {
        var body = Body ?? Errors.Body(Status == 429 ? "rate_limit_error" : "api_error", $"A fault was asked for: {Status}.");
        return new Answer(Status, body) { ContentType = ContentType, ShouldRetry = ShouldRetry };
    }
}

/// <summary>The faults to come, first come, first served, and the gate that held requests wait at.</summary>
public sealed class Faults
{
    private readonly Lock gate = new();
    private readonly List<Pending> pending = [];
    private TaskCompletionSource held = New();
    private TaskCompletionSource release = New();

    public void Add(Fault fault)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(fault.Every, 1);
        lock (gate) pending.Add(new Pending(fault));
    }

    public void Clear()
    {
        lock (gate) pending.Clear();
    }

    /// <summary>Completes once a request is held.</summary>
    public Task Held
    {
        get { lock (gate) return held.Task; }
    }

    /// <summary>Lets all held requests go on.</summary>
    public void Release()
    {
        lock (gate)
        {
            release.TrySetResult();
            (held, release) = (New(), New());
        }
    }

    internal Fault? Take(Call call)
    {
        lock (gate)
        {
            if (pending.Count == 0) return null;
            var taken = pending.FirstOrDefault(p => p.Fault.Hits(call) && p.IsDue());
            if (taken?.Left == 0) pending.Remove(taken);
            return taken?.Fault;
        }
    }

    internal Task WaitAsync()
    {
        lock (gate)
        {
            held.TrySetResult();
            return release.Task;
        }
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private sealed class Pending(Fault fault)
    {
        private int matched;

        internal Fault Fault { get; } = fault;

        internal int Left { get; private set; } = fault.Times;

        internal bool IsDue()
        {
            if (++matched % Fault.Every != 0 || Left == 0) return false;
            if (Left > 0) Left--;
            return true;
        }
    }
}
