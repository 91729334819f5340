using Metering.Kernel.Deciding;
using Metering.Kernel.Streams;

namespace Metering.BillingSync.Reports;

/// <summary>The streams <c>billing-{user}</c>: what was, is and will be reported to Stripe.</summary>
public sealed class BillingModel(BillingPolicy policy) : IStreamModel<BillingState, BillingCommand, BillingAnswer>
{
    /// <summary>What the streams' names start with.</summary>
    public const string Prefix = "billing-";

    public static string StreamOf(string user) => Prefix + user;

    public static string UserOf(string stream) => stream[Prefix.Length..];

    /// <summary>A user's reports as they are stored by now.</summary>
    public static async Task<BillingState> Read(IEventStreams streams, string user, CancellationToken cancellation)
    {
        var state = new BillingState();
        await foreach (var stored in streams.Read(StreamOf(user), Direction.Forwards, 0, cancellation: cancellation))
            state.Fold(BillingEvents.Decode(stored.Type, stored.Data.Span));
        return state;
    }

    public BillingState Empty() => new();

    public void Fold(BillingState state, StoredEvent stored) => state.Fold(BillingEvents.Decode(stored.Type, stored.Data.Span));

    public Turn<BillingAnswer> Decide(BillingState state, BillingCommand command, DateTimeOffset now)
    {
        var at = now > state.At ? now : state.At;
        var events = EventsOf(state, command, at);
        return new(events.ConvertAll(happened => ToFact(happened, (command as TakeTotals)?.Source)), AnswerOf(state, command, events, at));
    }

    public bool IsAhead(BillingState state) => false;

    public (string Version, ReadOnlyMemory<byte> Data)? Save(BillingState state) => null;

    public BillingState? Restore(Snapshot snapshot) => null;

    /// <summary>What comes of a command, folded.</summary>
    private List<BillingEvent> EventsOf(BillingState state, BillingCommand command, DateTimeOffset at) => command switch
    {
        TakeTotals totals => Take(state, totals, at),
        LinkReports link => Happened(state, [.. Planning.Link(state, policy, link, at)]),
        CarryForward carry => Carry(state, carry, at),
        BeginAttempt begin when Find(state, begin.Identifier) is var report =>
            Happened(state, Attempts.Begin(report, begin, state.TooLate(policy, report, at), at)),
        RecordAnswer answer => Happened(state, Attempts.Record(Find(state, answer.Identifier), answer, at)),
        MarkMissing missing => Happened(state, Attempts.Miss(Find(state, missing.Identifier), missing, at)),
        RejectTaken dropped => Happened(state, Attempts.Reject(Find(state, dropped.Identifier), dropped, at)),
        RecordFindings findings => Happened(state, [.. Attempts.Find(state, findings, at)]),
        Survey => [],
        _ => throw new InvalidOperationException($"{command.GetType().Name} has no meaning here"),
    };

    private List<BillingEvent> Take(BillingState state, TakeTotals totals, DateTimeOffset at)
    {
        if (Planning.Take(state, policy, totals, at) is not { } taken) return [];
        Happened(state, taken);
        return [.. taken, .. Happened(state, Planning.Plan(state, policy, totals.User, totals.Period, totals.Reason, at))];
    }

    /// <summary>The period that takes it may have been reported meanwhile: then the carried value follows at once.</summary>
    private List<BillingEvent> Carry(BillingState state, CarryForward carry, DateTimeOffset at)
    {
        var late = Happened(state, [.. Carrying.Late(state, policy, carry.From, at)]);
        var carried = Happened(state, Carrying.Decide(state, policy, carry, at));
        if (carried.Count == 0) return late;
        var planned = Planning.Plan(state, policy, carry.User, carry.To.Number, PlanReason.CarriedForward, at);
        return [.. late, .. carried, .. Happened(state, planned)];
    }

    private static List<BillingEvent> Happened(BillingState state, List<BillingEvent> events)
    {
        foreach (var happened in events) state.Fold(happened);
        return events;
    }

    private BillingAnswer AnswerOf(BillingState state, BillingCommand command, List<BillingEvent> events, DateTimeOffset at) => command switch
    {
        TakeTotals or LinkReports or CarryForward or RecordFindings => new Took(state.Revision, OpenOf(state), events),
        BeginAttempt begin => AnswerOf(state, Find(state, begin.Identifier), events, at),
        RecordAnswer answer => new Stands(state.Revision, Find(state, answer.Identifier).Status),
        MarkMissing missing => new Stands(state.Revision, Find(state, missing.Identifier).Status),
        RejectTaken dropped => new Stands(state.Revision, Find(state, dropped.Identifier).Status),
        Survey => new Surveyed(state.Revision, Carrying.Survey(state, policy, at)),
        _ => throw new InvalidOperationException($"{command.GetType().Name} has no answer"),
    };

    private static BillingAnswer AnswerOf(BillingState state, Report report, List<BillingEvent> events, DateTimeOffset at)
    {
        if (events is [ReportSent sent]) return new Begun(state.Revision, Outgoing.Of(report), sent.Attempt, sent.IdempotencyKey);
        if (!report.IsOpen) return new Stands(state.Revision, report.Status);
        return new NotYet(state.Revision, report.Planned.Timestamp - UsageWindow.Ahead);
    }

    /// <summary>What is to be sent, the oldest first.</summary>
    public static List<Outgoing> OpenOf(BillingState state) => [.. state.Reports.Where(report => report.IsOpen).Select(Outgoing.Of)];

    private static Fact ToFact(BillingEvent happened, Guid? command)
    {
        var (type, data) = BillingEvents.Encode(happened);
        return new Fact(type, data, command);
    }

    private static Report Find(BillingState state, string identifier) =>
        state.TryFind(identifier, out var report) ? report : throw new InvalidOperationException($"no report {identifier} was planned");
}
