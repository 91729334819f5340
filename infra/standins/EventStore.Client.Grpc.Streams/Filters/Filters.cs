using System.Text.RegularExpressions;
using EventStore.Client.Wire;

namespace EventStore.Client;

/// <summary>Which events of all a subscription or read wants, judged by the node.</summary>
public interface IEventFilter
{
    PrefixFilterExpression[] Prefixes { get; }
    RegularFilterExpression Regex { get; }
    uint? MaxSearchWindow { get; }
}

public readonly struct PrefixFilterExpression(string value) : IEquatable<PrefixFilterExpression>
{
    public static readonly PrefixFilterExpression None;

    private readonly string? _value = value ?? throw new ArgumentNullException(nameof(value));

    public bool Equals(PrefixFilterExpression other) => _value == other._value;
    public override bool Equals(object? obj) => obj is PrefixFilterExpression other && Equals(other);
    public override int GetHashCode() => _value?.GetHashCode(StringComparison.Ordinal) ?? 0;
    public override string? ToString() => _value;
}

public readonly struct RegularFilterExpression(string value) : IEquatable<RegularFilterExpression>
{
    public static readonly RegularFilterExpression None;

    /// <summary>What does not begin with a dollar sign.</summary>
    public static readonly RegularFilterExpression ExcludeSystemEvents = new("^[^\\$].*");

    private readonly string? _value = value ?? throw new ArgumentNullException(nameof(value));

    public RegularFilterExpression(Regex value) : this(value.ToString())
    {
    }

    public bool Equals(RegularFilterExpression other) => _value == other._value;
    public override bool Equals(object? obj) => obj is RegularFilterExpression other && Equals(other);
    public override int GetHashCode() => _value?.GetHashCode(StringComparison.Ordinal) ?? 0;
    public override string? ToString() => _value;
}

/// <summary>By the names of streams.</summary>
public readonly struct StreamFilter : IEventFilter
{
    public static readonly StreamFilter None;

    private readonly PrefixFilterExpression[]? _prefixes;

    private StreamFilter(uint window, PrefixFilterExpression[] prefixes, RegularFilterExpression regex) =>
        (MaxSearchWindow, _prefixes, Regex) = (Wanted.Window(window), prefixes, regex);

    public PrefixFilterExpression[] Prefixes => _prefixes ?? [];
    public RegularFilterExpression Regex { get; }
    public uint? MaxSearchWindow { get; }

    public static IEventFilter Prefix(string prefix) => Prefix(Wanted.DefaultWindow, prefix);
    public static IEventFilter Prefix(params string[] prefixes) => Prefix(Wanted.DefaultWindow, prefixes);

    public static IEventFilter Prefix(uint maxSearchWindow, params string[] prefixes) =>
        new StreamFilter(maxSearchWindow, Wanted.Prefixes(prefixes), RegularFilterExpression.None);

    public static IEventFilter RegularExpression(string regex, uint maxSearchWindow = 32) =>
        new StreamFilter(maxSearchWindow, [], new RegularFilterExpression(regex));
}

/// <summary>By the types of events.</summary>
public readonly struct EventTypeFilter : IEventFilter
{
    public static readonly EventTypeFilter None;

    private readonly PrefixFilterExpression[]? _prefixes;

    private EventTypeFilter(uint window, PrefixFilterExpression[] prefixes, RegularFilterExpression regex) =>
        (MaxSearchWindow, _prefixes, Regex) = (Wanted.Window(window), prefixes, regex);

    public PrefixFilterExpression[] Prefixes => _prefixes ?? [];
    public RegularFilterExpression Regex { get; }
    public uint? MaxSearchWindow { get; }

    public static EventTypeFilter ExcludeSystemEvents(uint maxSearchWindow = 32) =>
        new(maxSearchWindow, [], RegularFilterExpression.ExcludeSystemEvents);

    public static IEventFilter Prefix(string prefix) => Prefix(Wanted.DefaultWindow, prefix);
    public static IEventFilter Prefix(params string[] prefixes) => Prefix(Wanted.DefaultWindow, prefixes);

    public static IEventFilter Prefix(uint maxSearchWindow, params string[] prefixes) =>
        new EventTypeFilter(maxSearchWindow, Wanted.Prefixes(prefixes), RegularFilterExpression.None);

    public static IEventFilter RegularExpression(string regex, uint maxSearchWindow = 32) =>
        new EventTypeFilter(maxSearchWindow, [], new RegularFilterExpression(regex));
}

/// <summary>A filter and how often the node says how far it has searched: after each so many search windows.</summary>
public class SubscriptionFilterOptions
{
    public SubscriptionFilterOptions(IEventFilter filter, uint checkpointInterval = 1)
    {
        ArgumentOutOfRangeException.ThrowIfZero(checkpointInterval);
        (Filter, CheckpointInterval) = (filter, checkpointInterval);
    }

    public IEventFilter Filter { get; }
    public uint CheckpointInterval { get; }
}

internal static class Wanted
{
    public const uint DefaultWindow = 32;

    public static uint Window(uint window)
    {
        ArgumentOutOfRangeException.ThrowIfZero(window);
        return window;
    }

    public static PrefixFilterExpression[] Prefixes(string[] prefixes) =>
        prefixes.Length == 0 ? throw new ArgumentException("no prefix") : Array.ConvertAll(prefixes, prefix =>
            new PrefixFilterExpression(prefix));

    public static ReadReq.Types.FilterOptions? ToWire(IEventFilter? filter, uint checkpointInterval = 0)
    {
        if (filter is null || (filter.Prefixes.Length == 0 && filter.Regex.Equals(RegularFilterExpression.None))) return null;
        var expression = new ReadReq.Types.Expression { Regex = filter.Regex.ToString() ?? "" };
        expression.Prefix.AddRange(filter.Prefixes.Select(prefix => prefix.ToString()));
        var wire = new ReadReq.Types.FilterOptions { CheckpointIntervalMultiplier = checkpointInterval };
        if (filter is StreamFilter) wire.StreamIdentifier = expression;
        else wire.EventType = expression;
        if (filter.MaxSearchWindow is { } window) wire.Max = window;
        else wire.Count = new();
        return wire;
    }
}
