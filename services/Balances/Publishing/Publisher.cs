using MassTransit;
using Metering.Balances.ReadModels;
using Metering.Kernel.Projecting;
using Metering.Kernel.ReadModels;
using Metering.Kernel.Streams;

namespace Metering.Balances.Publishing;

/// <summary>
/// Tells the bus what happened, in the order of the streams, at least once: a read model without documents of its own, whose checkpoint says what
/// was told. A publish that fails is tried again, from the checkpoint, before anything after it. In memory it starts from the beginning: receivers
/// settle repeats.
/// </summary>
public static class Publisher
{
    public const string Name = "publishing";

    public static ReadModelSchema Schema => new(Name);

    public static Projection To(IBus bus) => new([LedgerStreams.Prefix], async (events, _, cancellation) =>
    {
        foreach (var stored in events) await Publish(bus, stored, cancellation);
        return [];
    });

    private static async Task Publish(IBus bus, StoredEvent stored, CancellationToken cancellation)
    {
        if (Messages.IsSilent(stored.Type)) return;
        foreach (var message in Messages.Of(stored, LedgerStreams.Decode(stored)))
            await bus.Publish(
                message, message.GetType(), context => context.MessageId = Messages.IdOf(stored.Id, message.GetType()), cancellation);
    }
}
