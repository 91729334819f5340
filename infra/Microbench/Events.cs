using BenchmarkDotNet.Attributes;
using Metering.Bench.Histories;
using Metering.Kernel.Deciding;
using Metering.Ledger.Accounts;
using Metering.Ledger.Stored;

namespace Metering.Microbench;

/// <summary>What is done to each event of a user's history, on its first 1,000. Per event.</summary>
public class Events
{
    private const int Count = 1_000;

    private readonly byte[] head = new byte[Chain.HashSize];
    private LedgerEvent[] events = [];
    private (string Type, ReadOnlyMemory<byte> Data)[] stored = [];

    [GlobalSetup]
    public void Make()
    {
        var end = new DateTimeOffset(2026, 11, 21, 0, 0, 0, TimeSpan.Zero);
        events = [.. new History(Count, end).Next(Count).Take(Count)];
        stored = [.. events.Select(LedgerEvents.Encode)];
    }

    [Benchmark(Description = "fold", OperationsPerInvoke = Count)]
    public long Folded()
    {
        var state = new LedgerState();
        foreach (var happened in events) Fold.Apply(state, happened);
        return state.Revision;
    }

    [Benchmark(Description = "encode", OperationsPerInvoke = Count)]
    public int Encoded()
    {
        var bytes = 0;
        foreach (var happened in events) bytes += LedgerEvents.Encode(happened).Data.Length;
        return bytes;
    }

    [Benchmark(Description = "decode", OperationsPerInvoke = Count)]
    public LedgerEvent? Decoded()
    {
        LedgerEvent? last = null;
        foreach (var (type, data) in stored) last = LedgerEvents.Decode(type, data.Span);
        return last;
    }

    [Benchmark(Description = "hash: metadata, id and chain", OperationsPerInvoke = Count)]
    public int Chained()
    {
        var bytes = 0;
        for (var i = 0; i < Count; i++)
        {
            var fact = new Fact(stored[i].Type, stored[i].Data, events[i].Cause?.Command);
            bytes += Chain.Next(head, "ledger-user-1", i, fact, new Caller("bench", null)).Metadata.Length;
        }
        return bytes;
    }
}
