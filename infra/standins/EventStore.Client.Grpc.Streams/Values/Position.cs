using EventStore.Client.Wire;

namespace EventStore.Client;

public interface IPosition;

/// <summary>A place in the order of all events.</summary>
public readonly struct Position : IEquatable<Position>, IComparable<Position>, IPosition
{
    public static readonly Position Start;
    public static readonly Position End = new(ulong.MaxValue, ulong.MaxValue);

    public readonly ulong CommitPosition;
    public readonly ulong PreparePosition;

    /// <exception cref="ArgumentOutOfRangeException">A prepare after its commit, or above <see cref="long.MaxValue"/> and not the
    /// end.</exception>
    public Position(ulong commitPosition, ulong preparePosition)
    {
        if (commitPosition < preparePosition)
            throw new ArgumentOutOfRangeException(nameof(commitPosition), "The commit position cannot be less than the prepare position");
        Limits.Check(commitPosition, nameof(commitPosition));
        Limits.Check(preparePosition, nameof(preparePosition));
        (CommitPosition, PreparePosition) = (commitPosition, preparePosition);
    }

    public int CompareTo(Position other) =>
        (CommitPosition, PreparePosition).CompareTo((other.CommitPosition, other.PreparePosition));

    public bool Equals(Position other) => CompareTo(other) == 0;
    public override bool Equals(object? obj) => obj is Position other && Equals(other);
    public override int GetHashCode() => (CommitPosition, PreparePosition).GetHashCode();
    public override string ToString() => $"C:{CommitPosition}/P:{PreparePosition}";
    public static bool operator ==(Position p1, Position p2) => p1.Equals(p2);
    public static bool operator !=(Position p1, Position p2) => !p1.Equals(p2);
    public static bool operator <(Position p1, Position p2) => p1.CompareTo(p2) < 0;
    public static bool operator >(Position p1, Position p2) => p1.CompareTo(p2) > 0;
    public static bool operator <=(Position p1, Position p2) => p1.CompareTo(p2) <= 0;
    public static bool operator >=(Position p1, Position p2) => p1.CompareTo(p2) >= 0;

    internal AllStreamPosition ToWire() => new() { CommitPosition = CommitPosition, PreparePosition = PreparePosition };
    internal static Position FromWire(AllStreamPosition wire) => new(wire.CommitPosition, wire.PreparePosition);
}

/// <summary>Where a subscription to all events begins.</summary>
public readonly struct FromAll : IEquatable<FromAll>
{
    public static readonly FromAll Start;
    public static readonly FromAll End = new(Position.End);

    private readonly Position? _value;

    private FromAll(Position? value) => _value = value;

    /// <exception cref="ArgumentException">The end, which has a value of its own.</exception>
    public static FromAll After(Position position) => position == Position.End
        ? throw new ArgumentException($"Use '{nameof(FromAll)}.{nameof(End)}.'", nameof(position))
        : new FromAll(position);

    public bool Equals(FromAll other) => Nullable.Equals(_value, other._value);
    public override bool Equals(object? obj) => obj is FromAll other && Equals(other);
    public override int GetHashCode() => _value.GetHashCode();
    public override string ToString() => _value is null ? "Start" : _value == Position.End ? "Live" : _value.Value.ToString();
    public static bool operator ==(FromAll left, FromAll right) => left.Equals(right);
    public static bool operator !=(FromAll left, FromAll right) => !left.Equals(right);

    internal ReadReq.Types.AllOptions ToWire() =>
        _value is null ? new() { Start = new() }
            : _value == Position.End ? new() { End = new() } : new() { Position = _value.Value.ToWire() };
}

internal static class Limits
{
    public static void Check(ulong value, string name)
    {
        if (value > long.MaxValue && value != ulong.MaxValue)
            throw new ArgumentOutOfRangeException(name);
    }
}
