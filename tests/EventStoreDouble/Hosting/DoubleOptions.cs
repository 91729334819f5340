namespace Metering.EventStoreDouble.Hosting;

/// <summary>How a double is set up.</summary>
public sealed record DoubleOptions
{
    /// <summary>How many nodes; the first is the leader.</summary>
    public int Nodes { get; init; } = 1;

    /// <summary>The first node's port on 127.0.0.1, the others' follow; 0 for free ones.</summary>
    public int Port { get; init; }

    /// <summary>The most bytes in one append (data, metadata, two per character of each type): 1 MiB, as a node by default.</summary>
    public int MaxAppendSize { get; init; } = 1 << 20;

    /// <summary>A user name and password that streams ask for; null for a node without security.</summary>
    public (string User, string Password)? Credentials { get; init; }

    /// <summary>Nodes speak TLS, with a certificate that nobody signed. Clients send credentials over TLS only.</summary>
    public bool Tls { get; init; }

    /// <summary>False for a node of a version before BatchAppend: it does not list it.</summary>
    public bool OffersBatchAppend { get; init; } = true;

    /// <summary>
    /// How many events a live subscription may be behind: one that a burst overruns is ended, as a node of 23.10 does beyond its 32.
    /// Null: it is caught up again, as newer nodes do.
    /// </summary>
    public int? LiveBuffer { get; init; }

    /// <summary>Dates events and answers; delays end by it.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;
}
