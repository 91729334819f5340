using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Metering.Ledger.Accounts;
using Metering.Ledger.Stored;

namespace Metering.Ledger.Model;

/// <summary>Facts and answers as text, without what has no meaning: the order of groups within one event, and the words of a refusal.</summary>
internal static class Told
{
    public static string Of(IEnumerable<LedgerEvent> facts) => string.Concat(facts.Select(fact => $"\n  {Of(fact)}"));

    private static string Of(LedgerEvent fact)
    {
        var (type, data) = LedgerEvents.Encode(fact);
        return $"{type} {Encoding.UTF8.GetString(data.Span)}";
    }

    public static LedgerEvent[] Plain(IEnumerable<LedgerEvent> facts) =>
        facts.Select(Plain).OrderBy(fact => fact is ThresholdReached ? 1 : 0).ThenBy(Threshold, StringComparer.Ordinal).ToArray();

    /// <summary>What was done is among the facts; of a refusal the kind and the field count.</summary>
    public static Answer Plain(Answer answer) => answer switch
    {
        Refused one => one with { Message = "" },
        Done => new Done([]),
        Allowed one => one with { Draws = Sorted(one.Draws) },
        _ => answer,
    };

    private static string Threshold(LedgerEvent fact) => fact is ThresholdReached one ? $"{one.Group} {one.Start:O} {one.Percent:000}" : "";

    /// <summary>A fact that is due bears the time of the command that finds it so: another one's after a restart.</summary>
    private static LedgerEvent Plain(LedgerEvent fact) => fact switch
    {
        Reserved e => e with { Draws = Running(e.Draws, e.At) },
        HoldExtended e => e with { Draws = Running(e.Draws, e.At) },
        Committed e => e with { Draws = Running(e.Draws, e.At), FromParent = e.FromParent is { } fromRun ? Running(fromRun, e.At) : null },
        UsageTracked e => e with { Draws = Running(e.Draws, e.At) },
        Released { Cause: null } e => e with { At = default, Draws = Sorted(e.Draws.Select(draw => draw with { Left = 0 })) },
        Released e => e with { Draws = Running(e.Draws, e.At) },
        Refunded e => e with { Draws = Running(e.Draws, e.At) },
        CreditExpired e => e with { At = default },
        PeriodEnded e => e with { At = default, Groups = Sorted(e.Groups) },
        PeriodClosed e => e with
        {
            At = default, Groups = Sorted(e.Groups), Meters = e.Meters.OrderBy(one => one.Meter, StringComparer.Ordinal).ToItems(),
        },
        _ => fact,
    };

    /// <summary>What is left counts while somebody can take it: not in a window that is over.</summary>
    private static Items<Draw> Running(Items<Draw> draws, DateTimeOffset at) =>
        Sorted(draws.Select(draw => draw.End > at ? draw : draw with { Left = 0 }));

    private static Items<Draw> Sorted(IEnumerable<Draw> draws) =>
        draws.Where(draw => draw.Parts.Count > 0).OrderBy(draw => draw.Group, StringComparer.Ordinal).ToItems();

    private static Items<GroupTotal> Sorted(IEnumerable<GroupTotal> groups) =>
        groups.OrderBy(one => one.Group, StringComparer.Ordinal).ThenBy(one => one.Since)
            .Select(one => one with { Windows = one.Windows?.Where(window => window.Overage != 0).OrderBy(window => window.Start).ToItems() })
            .Select(one => one.Windows is { Count: 0 } ? one with { Windows = null } : one).ToItems();
}

/// <summary>All of a state as text, to compare; a dictionary's order is no part of its value.</summary>
internal static class StateText
{
    private static readonly JsonSerializerOptions Fields = new() { IncludeFields = true };

    public static string Of(LedgerState state)
    {
        var all = JsonSerializer.SerializeToNode(state, Fields)!.AsObject();
        all.Remove(nameof(LedgerState.AppendedRevision));
        foreach (var name in new[] { nameof(LedgerState.Holds), nameof(LedgerState.LateRefunds) })
            all[name] = Sorted(all[name]!.AsObject());
        all["Expiries"] = string.Join(", ", state.Expiries);
        return all.ToJsonString(Fields);
    }

    private static JsonObject Sorted(JsonObject map) =>
        new(map.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => KeyValuePair.Create(pair.Key, pair.Value?.DeepClone())));
}
