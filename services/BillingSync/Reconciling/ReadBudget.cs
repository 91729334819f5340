using System.Text.Json;
using System.Text.Json.Serialization;
using Metering.Kernel.Streams;

namespace Metering.BillingSync.Reconciling;

/// <summary>The budget of reads is spent for now.</summary>
public sealed class ReadsSpentException(int most)
    : Exception($"Billing:Reconcile:ReadsPerMonth allows {most} reads in 30 days, and they are spent");

/// <summary>
/// How many reads of Stripe's API may yet be made. They are taken in blocks, each an event of the stream <c>reconcile-reads</c> before its
/// first read: a restart forgets at most the rest of one block, never a read that was made, and instances share the budget.
/// </summary>
public sealed class ReadBudget(IEventStreams streams, ReconcileOptions options, TimeProvider clock) : IDisposable
{
    public const string Stream = "reconcile-reads"; // not below stripe-, whose streams are what Stripe told
    internal const int Block = 50;

    private const string Type = "reads_taken.v1";
    private static readonly TimeSpan Month = TimeSpan.FromDays(30);

    private readonly SemaphoreSlim one = new(1);
    private int rest;

    /// <summary>Takes one read.</summary>
    /// <exception cref="ReadsSpentException">None is left.</exception>
    public async Task Take(CancellationToken cancellation)
    {
        await one.WaitAsync(cancellation);
        try
        {
            if (rest == 0) rest = await TakeBlock(cancellation);
            if (rest == 0) throw new ReadsSpentException(options.ReadsPerMonth);
            rest--;
        }
        finally
        {
            one.Release();
        }
    }

    /// <summary>How many are left.</summary>
    public async Task<int> Left(CancellationToken cancellation) =>
        Math.Max(0, options.ReadsPerMonth - (await Taken(cancellation)).Reads) + rest;

    public void Dispose() => one.Dispose();

    private async Task<int> TakeBlock(CancellationToken cancellation)
    {
        while (true)
        {
            var (revision, taken) = await Taken(cancellation);
            var block = Math.Min(Block, options.ReadsPerMonth - taken);
            if (block <= 0) return 0;
            try
            {
                await streams.Append(Stream, revision, [ToEvent(block)], cancellation);
                return block;
            }
            catch (WrongRevisionException)
            {
                // another instance took one
            }
        }
    }

    private async Task<(long Revision, int Reads)> Taken(CancellationToken cancellation)
    {
        var (last, reads, since) = (Revisions.None, 0, clock.GetUtcNow() - Month);
        await foreach (var stored in streams.Read(Stream, Direction.Backwards, Revisions.End, cancellation: cancellation))
        {
            last = Math.Max(last, stored.Revision);
            var taken = JsonSerializer.Deserialize(stored.Data.Span, ReadsJson.Default.ReadsTaken)!;
            if (taken.At <= since) break;
            reads += taken.Reads;
        }
        return (last, reads);
    }

    private NewEvent ToEvent(int block)
    {
        var now = clock.GetUtcNow();
        var data = JsonSerializer.SerializeToUtf8Bytes(new ReadsTaken(now, block), ReadsJson.Default.ReadsTaken);
        return new(Guid.CreateVersion7(now), Type, data, default);
    }
}

/// <summary>So many reads may have been made from then on.</summary>
internal sealed record ReadsTaken(DateTimeOffset At, int Reads);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(ReadsTaken))]
internal sealed partial class ReadsJson : JsonSerializerContext;
