using EventStore.Client.Wire;
using Grpc.Core;

namespace EventStore.Client;

public sealed partial class EventStoreClient
{
    /// <summary>Appends if the stream's last revision is <paramref name="expectedRevision"/>, all or nothing.</summary>
    /// <exception cref="WrongExpectedVersionException">It is another one (unless the options say not to throw).</exception>
    /// <exception cref="MaximumAppendSizeExceededException">More bytes than the node takes at once.</exception>
    public Task<IWriteResult> AppendToStreamAsync(string streamName, StreamRevision expectedRevision, IEnumerable<EventData> eventData,
        Action<EventStoreClientOperationOptions>? configureOperationOptions = null, TimeSpan? deadline = null,
        UserCredentials? userCredentials = null, CancellationToken cancellationToken = default) =>
        Append(expectedRevision.ToWire(streamName), eventData, Options(configureOperationOptions), deadline, userCredentials,
            cancellationToken);

    /// <summary>Appends if the stream is in <paramref name="expectedState"/>, all or nothing.</summary>
    /// <exception cref="WrongExpectedVersionException">It is not (unless the options say not to throw).</exception>
    /// <exception cref="MaximumAppendSizeExceededException">More bytes than the node takes at once.</exception>
    public Task<IWriteResult> AppendToStreamAsync(string streamName, StreamState expectedState, IEnumerable<EventData> eventData,
        Action<EventStoreClientOperationOptions>? configureOperationOptions = null, TimeSpan? deadline = null,
        UserCredentials? userCredentials = null, CancellationToken cancellationToken = default) =>
        Append(expectedState.ToWire(streamName), eventData, Options(configureOperationOptions), deadline, userCredentials,
            cancellationToken);

    private EventStoreClientOperationOptions Options(Action<EventStoreClientOperationOptions>? configure)
    {
        var options = Settings.OperationOptions.Clone();
        configure?.Invoke(options);
        return options;
    }

    private async Task<IWriteResult> Append(ExpectedRevision expected, IEnumerable<EventData> events,
        EventStoreClientOperationOptions options, TimeSpan? deadline, UserCredentials? user, CancellationToken cancellation)
    {
        var result = user is null && Appender() is var appender && await appender.Usable.ConfigureAwait(false)
            ? await appender.Append(BatchAppender.Options(expected, deadline), events, cancellation).ConfigureAwait(false)
            : await AppendAlone(expected, events, deadline, user, cancellation).ConfigureAwait(false);
        if (options.ThrowOnAppendFailure && result is WrongExpectedVersionResult wrong)
            throw new WrongExpectedVersionException(wrong.StreamName, wrong.NextExpectedStreamRevision, wrong.ActualStreamRevision);
        return result;
    }

    private async Task<IWriteResult> AppendAlone(
        ExpectedRevision expected, IEnumerable<EventData> events, TimeSpan? deadline, UserCredentials? user, CancellationToken cancellation)
    {
        var node = await Connection.Current.WaitAsync(cancellation).ConfigureAwait(false);
        using var call = new Streams.StreamsClient(node.Invoker).Append(
            CallSettings.Of(Settings, deadline ?? Settings.DefaultDeadline, user, cancellation));
        await Write(call, expected, events).ConfigureAwait(false);
        var answer = await call.ResponseAsync.ConfigureAwait(false);
        return answer.ResultCase == AppendResp.ResultOneofCase.Success
            ? Success(answer.Success)
            : Refused(Names.FromWire(expected.StreamIdentifier), answer.WrongExpectedVersion);
    }

    // a node that has answered takes no more: what it answered tells why
    private static async Task Write(AsyncClientStreamingCall<AppendReq, AppendResp> call, ExpectedRevision expected,
        IEnumerable<EventData> events)
    {
        try
        {
            await call.RequestStream.WriteAsync(new AppendReq { Options = expected }).ConfigureAwait(false);
            foreach (var item in events)
                await call.RequestStream.WriteAsync(new AppendReq { ProposedMessage = item.ToWire() }).ConfigureAwait(false);
            await call.RequestStream.CompleteAsync().ConfigureAwait(false);
        }
        catch (Exception) when (call.ResponseAsync.IsCompleted)
        {
        }
    }

    private static SuccessResult Success(AppendResp.Types.Success success) => new(
        success.CurrentCase == AppendResp.Types.Success.CurrentOneofCase.CurrentRevision ? success.CurrentRevision : StreamRevision.None,
        success.AtCase == AppendResp.Types.Success.AtOneofCase.Position ? Position.FromWire(success.Position) : default);

    private static WrongExpectedVersionResult Refused(string stream, AppendResp.Types.Refused refused) => new(stream,
        refused.ExpectedCase == AppendResp.Types.Refused.ExpectedOneofCase.ExpectedRevision
            ? refused.ExpectedRevision : StreamRevision.None,
        refused.CurrentCase == AppendResp.Types.Refused.CurrentOneofCase.CurrentRevision ? refused.CurrentRevision : StreamRevision.None);
}
