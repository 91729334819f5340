using MassTransit;
using Metering.Balances.ReadModels;
using Metering.Contracts.Messages;
using Metering.Kernel.Messaging;
using Metering.Kernel.Projecting;
using Metering.Kernel.ReadModels;
using Metering.Kernel.Streams;
using Metering.Ledger.Stored;

namespace Metering.Balances.Publishing;

/// <summary>
/// Tells the bus what happened, at least once, per user in the order of the ledger: a read model without documents of its own, whose
/// checkpoint says what was told. It moves once the bus has confirmed every message before it; a publish that fails is tried again, from
/// the checkpoint. In memory it starts from the beginning, as does its rebuild anywhere: receivers settle repeats.
/// </summary>
public static class Publisher
{
    public const string Name = "publishing";

    /// <summary>How many users' messages are under way at once: a broker confirms many as fast as one.</summary>
    private const int UsersAtOnce = 64;

    public static ReadModelSchema Schema => new(Name);

    public static Projection To(IBus bus, TimeProvider time) => new([LedgerStreams.Prefix], async (events, _, cancellation) =>
    {
        var how = new ParallelOptions
        {
            MaxDegreeOfParallelism = UsersAtOnce, CancellationToken = cancellation, TaskScheduler = TaskScheduler.Current,
        };
        var told = events.Where(stored => !Messages.IsSilent(stored.Type)).GroupBy(stored => stored.Stream, StringComparer.Ordinal);
        await Parallel.ForEachAsync(told, how, async (ledger, stop) =>
        {
            foreach (var stored in ledger) await Publish(bus, stored, time, stop);
        });
        return [];
    });

    // nobody has to listen for thresholds; a period that nobody hears of is not billed
    private static async Task Publish(IBus bus, StoredEvent stored, TimeProvider time, CancellationToken cancellation)
    {
        foreach (var message in Messages.Of(stored, LedgerEvents.Decode(stored.Type, stored.Data.Span)))
        {
            var id = Messages.IdOf(stored.Id, message.GetType());
            await bus.PublishConfirmed(message, id, wanted: message is not ThresholdReached, time, cancellation);
        }
    }
}
