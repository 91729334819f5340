using Metering.Kernel.Streams;

namespace Metering.Kernel.Deciding;

/// <summary>
/// What one category of streams means: how its events make a state, and how a command on that state makes events and an answer. Pure: no clock,
/// no ids, no I/O. The runner owns the state and calls from one place at a time.
/// </summary>
public interface IStreamModel<TState, TCommand, TAnswer> where TState : class
{
    /// <summary>The state before the first event.</summary>
    TState Empty();

    /// <summary>Folds a stored event. An unknown type throws: a reader stops rather than skip a fact.</summary>
    void Fold(TState state, StoredEvent stored);

    /// <summary>Decides a command at <paramref name="now"/> and folds what comes of it into the state.</summary>
    Turn<TAnswer> Decide(TState state, TCommand command, DateTimeOffset now);

    /// <summary>
    /// True if the state holds facts that are in no stream yet (due by time, waiting for the next append): it cannot catch up with what
    /// others appended and is rebuilt instead.
    /// </summary>
    bool IsAhead(TState state);

    /// <summary>The state as bytes and the name of their format; none if this model takes no snapshots.</summary>
    (string Version, ReadOnlyMemory<byte> Data)? Save(TState state);

    /// <summary>A state from a snapshot; none if its format is another.</summary>
    TState? Restore(Snapshot snapshot);
}

/// <summary>What a decision comes to. No facts: nothing is appended.</summary>
/// <param name="Again">The facts have to be appended before the command can be decided: it is decided again after them.</param>
public readonly record struct Turn<TAnswer>(IReadOnlyList<Fact> Facts, TAnswer Answer, bool Again = false);

/// <summary>An event to be, and the command that caused it (none for what was due by time).</summary>
/// <param name="Value">See <see cref="Streams.NewEvent.Value"/>.</param>
public readonly record struct Fact(string Type, ReadOnlyMemory<byte> Data, Guid? Command, object? Value = null);

/// <summary>Who asks: recorded with every event that comes of it.</summary>
public readonly record struct Caller(string Actor, string? Trace);

/// <summary>Other instances kept winning: nothing was appended, ask again.</summary>
public sealed class ClashException(string stream) : Exception($"{stream} is being changed by others; nothing was done, ask again");

/// <summary>More commands wait than the limit: nothing was done, ask again later.</summary>
public sealed class OverloadedException(string stream) : Exception($"too many commands wait for {stream}; nothing was done, ask again later");
