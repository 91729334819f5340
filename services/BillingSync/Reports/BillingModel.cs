using Metering.Kernel.Deciding;
using Metering.Kernel.Streams;

namespace Metering.BillingSync.Reports;

/// <summary>The streams <c>billing-{user}</c>: what was, is and will be reported to Stripe.</summary>
public sealed class BillingModel : IStreamModel<BillingState, BillingCommand, BillingAnswer>
{
    /// <summary>What the streams' names start with.</summary>
    public const string Prefix = "billing-";

    public static string StreamOf(string user) => Prefix + user;

    public static string UserOf(string stream) => stream[Prefix.Length..];

    public BillingState Empty() => new();

    public void Fold(BillingState state, StoredEvent stored) => state.Fold(BillingEvents.Decode(stored.Type, stored.Data.Span));

    public Turn<BillingAnswer> Decide(BillingState state, BillingCommand command, DateTimeOffset now)
    {
        var at = now > state.At ? now : state.At;
        var events = EventsOf(state, command, at);
        foreach (var happened in events) state.Fold(happened);
        return new(events.ConvertAll(happened => ToFact(happened, (command as TakeTotals)?.Source)), AnswerOf(state, command, events, at));
    }

    public bool IsAhead(BillingState state) => false;

    public (string Version, ReadOnlyMemory<byte> Data)? Save(BillingState state) => null;

    public BillingState? Restore(Snapshot snapshot) => null;

    private static List<BillingEvent> EventsOf(BillingState state, BillingCommand command, DateTimeOffset at) => command switch
    {
        TakeTotals totals => Planning.Decide(state, totals, at),
        BeginAttempt begin => Attempts.Begin(Find(state, begin.Identifier), begin, at),
        RecordAnswer answer => Attempts.Record(Find(state, answer.Identifier), answer, at),
        _ => throw new InvalidOperationException($"{command.GetType().Name} has no meaning here"),
    };

    private static BillingAnswer AnswerOf(BillingState state, BillingCommand command, List<BillingEvent> events, DateTimeOffset at) => command switch
    {
        TakeTotals => new Took(state.Revision, OpenOf(state)),
        BeginAttempt begin => AnswerOf(state, Find(state, begin.Identifier), events, at),
        RecordAnswer answer => new Stands(state.Revision, Find(state, answer.Identifier).Status),
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
