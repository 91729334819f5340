namespace Metering.MainJob;

/// <summary>A user of the trace and what its calls were answered.</summary>
internal sealed class User(string id, IReadOnlyList<TraceRow> rows, string customer)
{
    internal string Id { get; } = id;

    internal IReadOnlyList<TraceRow> Rows { get; } = rows;

    internal string Customer { get; } = customer;

    /// <summary>The tokens of its calls, by the trace alone.</summary>
    internal long Tokens { get; } = rows.Sum(row => row.Total);

    /// <summary>What its reservations set aside in all.</summary>
    internal long Held { get; set; }

    /// <summary>What of it came back because less was used.</summary>
    internal long Unused { get; set; }

    /// <summary>When and at which revision its last call was committed.</summary>
    internal DateTimeOffset At { get; set; }

    internal long Revision { get; set; } = -1;
}
