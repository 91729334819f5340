using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace Metering.Kernel.Messaging;

/// <summary>
/// What lies in the error queue of a consumer's queue, at a RabbitMQ broker. One look or return at a time in a process; while one is under
/// way the messages it holds are not to be seen by others. Whatever breaks on the way, a message is in one of the two queues, or in both:
/// consumers are idempotent.
/// </summary>
/// <remarks>
/// A quorum queue puts what is given back behind what was given back before: messages keep their order only if all are taken and given back
/// at once. So a look passes through the whole queue, however few it shows.
/// </remarks>
public sealed class ErrorQueue(BrokerAddress broker, string queue) : IDisposable
{
    private const ushort NotFound = 404;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan Glance = TimeSpan.FromMilliseconds(10);

    private readonly SemaphoreSlim oneAtATime = new(1);

    /// <summary>Its name.</summary>
    public string Name => $"{queue}_error";

    /// <summary>The messages behind the first <paramref name="skip"/>, at most <paramref name="limit"/>, and how many there are in all. They stay, in
    /// their order.</summary>
    /// <exception cref="BusUnavailableException">The broker is not there.</exception>
    public Task<(IReadOnlyList<FailedMessage> Messages, long Total)> List(int skip, int limit, CancellationToken cancellation) =>
        With<(IReadOnlyList<FailedMessage>, long)>(([], 0), async (channel, total) =>
        {
            var (found, seen) = (new List<FailedMessage>(), 0);
            await Each(channel, total, got =>
            {
                if (seen++ >= skip && found.Count < limit) found.Add(FailedMessage.Of(got));
                return Task.CompletedTask;
            }, cancellation);
            await PutBack(channel, seen, cancellation);
            return (found, total);
        }, cancellation);

    /// <summary>
    /// Gives messages back to their consumer, who sees them as if they came for the first time: those with this id, or all that were there
    /// when it began. Each leaves the error queue once the consumer's queue has confirmed that it holds it.
    /// </summary>
    /// <returns>How many were given back.</returns>
    /// <exception cref="BusUnavailableException">The broker is not there, or went away: some may have been given back.</exception>
    public Task<int> Return(string? id, CancellationToken cancellation) => With(0, async (channel, total) =>
    {
        var (returned, kept) = (0, 0);
        await Each(channel, total, async got =>
        {
            kept++;
            if (id is not null && !string.Equals(got.BasicProperties.MessageId, id, StringComparison.OrdinalIgnoreCase)) return;
            await channel.BasicPublishAsync("", queue, mandatory: true, FailedMessage.Returned(got), got.Body, cancellation);
            await channel.BasicAckAsync(got.DeliveryTag, multiple: false, cancellation);
            (returned, kept) = (returned + 1, kept - 1);
        }, cancellation);
        await PutBack(channel, kept, cancellation);
        return returned;
    }, cancellation);

    public void Dispose() => oneAtATime.Dispose();

    // no more than there were when it began: what is returned may fail again at once
    private async Task Each(IChannel channel, long total, Func<BasicGetResult, Task> take, CancellationToken cancellation)
    {
        for (var seen = 0L; seen < total && await channel.BasicGetAsync(Name, autoAck: false, cancellation) is { } got; seen++)
            await take(got);
    }

    // All that was got and not acknowledged, back to where it was. The queue takes it in its own time, and until then the next look would find
    // nothing: so it is waited for, a little.
    private async Task PutBack(IChannel channel, int count, CancellationToken cancellation)
    {
        if (count == 0) return;
        await channel.BasicNackAsync(deliveryTag: 0, multiple: true, requeue: true, cancellation);
        for (var tries = 0; tries < 100 && (await channel.QueueDeclarePassiveAsync(Name, cancellation)).MessageCount < count; tries++)
            await Task.Delay(Glance, cancellation);
    }

    private async Task<T> With<T>(T ifAbsent, Func<IChannel, long, Task<T>> use, CancellationToken cancellation)
    {
        await oneAtATime.WaitAsync(cancellation);
        try
        {
            await using var connection = await Connect(cancellation);
            // confirmed and tracked: a publish returns once the broker holds the message, and throws if no queue took it
            await using var channel = await connection.CreateChannelAsync(new CreateChannelOptions(true, true), cancellation);
            return await use(channel, (await channel.QueueDeclarePassiveAsync(Name, cancellation)).MessageCount);
        }
        catch (OperationInterruptedException absent) when (absent.ShutdownReason?.ReplyCode == NotFound)
        {
            return ifAbsent; // the bus makes it for the first message that fails
        }
        catch (Exception broken) when (IsBrokers(broken) && !cancellation.IsCancellationRequested)
        {
            throw new BusUnavailableException($"the broker {broker} cannot be used now: {broken.Message}", broken);
        }
        finally
        {
            oneAtATime.Release();
        }
    }

    // what the broker does not answer in time, the client cancels
    private static bool IsBrokers(Exception broken) => broken is
        BrokerUnreachableException or OperationInterruptedException or PublishException or IOException or TimeoutException
        or OperationCanceledException;

    private Task<IConnection> Connect(CancellationToken cancellation) => new ConnectionFactory
    {
        HostName = broker.Host, Port = broker.Port, VirtualHost = broker.VirtualHost, UserName = broker.User, Password = broker.Password,
        RequestedConnectionTimeout = Patience, ContinuationTimeout = Patience, AutomaticRecoveryEnabled = false,
    }.CreateConnectionAsync($"{Name} for operators", cancellation);
}
