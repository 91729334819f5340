using EventStore.Client.Wire;

namespace EventStore.Client;

/// <summary>Where a read of a stream begins, and the number of an event in its stream.</summary>
public readonly struct StreamPosition : IEquatable<StreamPosition>, IComparable<StreamPosition>, IPosition
{
    public static readonly StreamPosition Start;
    public static readonly StreamPosition End = new(ulong.MaxValue);

    private readonly ulong _value;

    public StreamPosition(ulong value)
    {
        Limits.Check(value, nameof(value));
        _value = value;
    }

    public static StreamPosition FromInt64(long value) => value == -1 ? End : new StreamPosition(Convert.ToUInt64(value));
    public static StreamPosition FromStreamRevision(StreamRevision revision) => new(revision.ToUInt64());
    public long ToInt64() => Equals(End) ? -1 : Convert.ToInt64(_value);
    public ulong ToUInt64() => _value;

    public int CompareTo(StreamPosition other) => _value.CompareTo(other._value);
    public bool Equals(StreamPosition other) => _value == other._value;
    public override bool Equals(object? obj) => obj is StreamPosition other && Equals(other);
    public override int GetHashCode() => _value.GetHashCode();
    public override string ToString() => this == End ? nameof(End) : $"{_value}";
    public static bool operator ==(StreamPosition left, StreamPosition right) => left.Equals(right);
    public static bool operator !=(StreamPosition left, StreamPosition right) => !left.Equals(right);
    public static implicit operator ulong(StreamPosition streamPosition) => streamPosition._value;
    public static implicit operator StreamPosition(ulong value) => new(value);
}

/// <summary>The number of a stream's last event.</summary>
public readonly struct StreamRevision : IEquatable<StreamRevision>, IComparable<StreamRevision>
{
    public static readonly StreamRevision None = new(ulong.MaxValue);

    private readonly ulong _value;

    public StreamRevision(ulong value)
    {
        Limits.Check(value, nameof(value));
        _value = value;
    }

    public static StreamRevision FromInt64(long value) => value == -1 ? None : new StreamRevision(Convert.ToUInt64(value));
    public long ToInt64() => Equals(None) ? -1 : Convert.ToInt64(_value);
    public ulong ToUInt64() => _value;

    public int CompareTo(StreamRevision other) => _value.CompareTo(other._value);
    public bool Equals(StreamRevision other) => _value == other._value;
    public override bool Equals(object? obj) => obj is StreamRevision other && Equals(other);
    public override int GetHashCode() => _value.GetHashCode();
    public override string ToString() => this == None ? nameof(None) : $"{_value}";
    public static bool operator ==(StreamRevision left, StreamRevision right) => left.Equals(right);
    public static bool operator !=(StreamRevision left, StreamRevision right) => !left.Equals(right);
    public static implicit operator ulong(StreamRevision streamRevision) => streamRevision._value;
    public static implicit operator StreamRevision(ulong value) => new(value);

    internal ExpectedRevision ToWire(string stream) => new() { StreamIdentifier = Names.ToWire(stream), Revision = _value };
}

/// <summary>What is expected of a stream whose revision does not matter.</summary>
public readonly struct StreamState : IEquatable<StreamState>
{
    public static readonly StreamState NoStream = new(1);
    public static readonly StreamState Any = new(2);
    public static readonly StreamState StreamExists = new(4);

    private readonly int _value;

    private StreamState(int value) => _value = value;

    public bool Equals(StreamState other) => _value == other._value;
    public override bool Equals(object? obj) => obj is StreamState other && Equals(other);
    public override int GetHashCode() => _value;
    public override string ToString() => this == NoStream ? nameof(NoStream) : this == Any ? nameof(Any) : nameof(StreamExists);
    public static bool operator ==(StreamState left, StreamState right) => left.Equals(right);
    public static bool operator !=(StreamState left, StreamState right) => !left.Equals(right);

    internal ExpectedRevision ToWire(string stream)
    {
        var expected = new ExpectedRevision { StreamIdentifier = Names.ToWire(stream) };
        if (this == NoStream) expected.NoStream = new();
        else if (this == StreamExists) expected.StreamExists = new();
        else expected.Any = new();
        return expected;
    }
}
