using System.Text.RegularExpressions;
using Metering.Ledger.Accounts;
using Metering.Ledger.Stored;

namespace Metering.Ledger.Catalog;

/// <summary>What a command came to: at most one event, and what the caller is told.</summary>
public sealed record CatalogDecision(CatalogEvent? Event, Answer Answer);

/// <summary>Decides commands on the catalog. Pure: the time and the known time zones are passed in.</summary>
public static partial class CatalogDecisions
{
    /// <summary>Every instance must know of a price book before it is in force (rule 16).</summary>
    public static readonly TimeSpan Notice = TimeSpan.FromSeconds(5);

    /// <summary>The most bytes of an event's stored form: a store takes 1 MiB at once, with what is stored beside it.</summary>
    public const int EventBytesMost = 1_000_000;

    public static CatalogDecision Decide(CatalogState state, CatalogCommand command, DateTimeOffset now, Func<string, bool> isZone) =>
        state.Before(command.Id) is { } before ? Repeat(command, before) : Storable(DecideNew(state, command, now, isZone));

    private static CatalogDecision DecideNew(CatalogState state, CatalogCommand command, DateTimeOffset now, Func<string, bool> isZone)
    {
        var at = now > state.At ? now : state.At;
        return command switch
        {
            DeclareMeter declare => Decide(state, declare, at),
            PublishPlan publish => Decide(state, publish, at, isZone),
            RetirePlan retire => Decide(state, retire, at),
            PublishPriceBook publish => Decide(state, publish, at),
            _ => throw new InvalidOperationException($"no decision for {command}"),
        };
    }

    private static CatalogDecision Decide(CatalogState state, DeclareMeter command, DateTimeOffset at)
    {
        var meter = command.Meter;
        if (!Name().IsMatch(meter.Name)) return Invalid("meter.name", "1–128 characters of a–z 0–9 _ . -");
        if (!Name().IsMatch(meter.Unit)) return Invalid("meter.unit", "1–128 characters of a–z 0–9 _ . -");
        return state.Declaration(meter.Name) switch
        {
            null => new(new MeterDeclared(at, CauseOf(command), meter), new Declared(meter, at)),
            var before when before.Meter == meter => new(null, before),
            var before => Refuse(
                RefusalKind.OtherContent, "meter.unit", $"{before.Meter.Unit}: {meter.Name} is declared in it, and a meter keeps its unit"),
        };
    }

    private static CatalogDecision Decide(CatalogState state, PublishPlan command, DateTimeOffset at, Func<string, bool> isZone)
    {
        if (PlanRules.Problem(command.Draft, state, isZone) is { } problem) return new(null, problem);
        var id = command.Draft.Id;
        if (state.Plan(id) is { RetiredAt: null } latest && latest.Plan == command.Draft with { Version = latest.Plan.Version })
            return new(null, new Published(latest.Plan, latest.PublishedAt, true));
        var plan = command.Draft with { Version = state.NextVersion(id) };
        return new(new PlanPublished(at, CauseOf(command), plan), new Published(plan, at));
    }

    private static CatalogDecision Decide(CatalogState state, RetirePlan command, DateTimeOffset at) => state.Plan(command.Plan) switch
    {
        null => Refuse(RefusalKind.NotFound, "plan_id", $"the id of a published plan; {command.Plan} is not"),
        { RetiredAt: { } before } => new(null, new Retired(command.Plan, before, true)),
        _ => new(new PlanRetired(at, CauseOf(command), command.Plan), new Retired(command.Plan, at)),
    };

    private static CatalogDecision Decide(CatalogState state, PublishPriceBook command, DateTimeOffset at)
    {
        var last = state.Books.LastOrDefault()?.EffectiveFrom;
        var earliest = last > at + Notice ? last.Value : at + Notice;
        var from = command.EffectiveFrom?.ToUniversalTime() ?? earliest;
        var book = new PriceBook(state.Books.Length + 1, from, command.Currency, command.MarkupPpm, command.Entries);
        if (PriceRules.Problem(book, state, earliest) is { } problem) return new(null, problem);
        return new(new PriceBookPublished(at, CauseOf(command), book), new BookPublished(book, at));
    }

    private static CatalogDecision Storable(CatalogDecision decision) =>
        decision.Event is { } @event && CatalogEvents.Encode(@event).Data.Length > EventBytesMost
            ? Invalid(@event is PlanPublished ? "plan" : "entries", $"at most {EventBytesMost} bytes as they are stored")
            : decision;

    private static CatalogDecision Repeat(CatalogCommand command, Remembered before) => before.Content == command.Content
        ? new(null, before.Answer)
        : Refuse(RefusalKind.OtherContent, "command_id", "a new id: this one was used for a command with other content");

    private static Cause CauseOf(CatalogCommand command) => new(command.Id, command.Content);

    private static CatalogDecision Invalid(string field, string message) => Refuse(RefusalKind.Invalid, field, message);

    private static CatalogDecision Refuse(RefusalKind kind, string field, string message) => new(null, new Refused(kind, field, message));

    [GeneratedRegex(@"\A[a-z0-9_.\-]{1,128}\z")]
    private static partial Regex Name();
}
