using MassTransit;

namespace Metering.Kernel.Messaging;

/// <summary>The bus did not take a message; whether it has it after all is unknown. The message says which and why.</summary>
public sealed class BusUnavailableException(string message, Exception? cause = null) : Exception(message, cause);

/// <summary>Publishing so that nothing is lost: what returned is held by the broker.</summary>
public static class ConfirmedPublishing
{
    /// <summary>The longest that one publish may take. The bus itself would wait for a broker for hours.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>Publishes, and returns once the broker has confirmed the message.</summary>
    /// <param name="bus">The bus.</param>
    /// <param name="message">The message, published as its own type.</param>
    /// <param name="id">Its id: of a repeat the same.</param>
    /// <param name="wanted">True if it would be missed: a broker where no queue takes it, as no consumer ever started there, refuses it.</param>
    /// <param name="time">Where <see cref="Patience"/> is measured.</param>
    /// <param name="cancellation">Gives up; the message may have been taken.</param>
    /// <exception cref="BusUnavailableException">No broker, no confirmation within <see cref="Patience"/>, or no queue.</exception>
    public static async Task PublishConfirmed(
        this IBus bus, object message, Guid id, bool wanted, TimeProvider time, CancellationToken cancellation)
    {
        using var patience = new CancellationTokenSource(Patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, patience.Token);
        try
        {
            await bus.Publish(message, message.GetType(), context => (context.MessageId, context.Mandatory) = (id, wanted), either.Token)
                .WaitAsync(either.Token);
        }
        catch (OperationCanceledException) when (patience.IsCancellationRequested && !cancellation.IsCancellationRequested)
        {
            throw new BusUnavailableException(
                $"the bus did not take a {message.GetType().Name} within {Patience.TotalSeconds} s: is its broker there?");
        }
        catch (MessageReturnedException returned)
        {
            throw new BusUnavailableException(
                $"no queue takes {message.GetType().Name} yet: its consumer never started at this broker", returned);
        }
    }
}
