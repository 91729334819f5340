using EventStore.Client.Wire;

namespace EventStore.Client;

public sealed partial class EventStoreClient
{
    private const string MetadataType = "$metadata";

    /// <summary>Deletes a stream's events; the stream may be begun again.</summary>
    /// <exception cref="WrongExpectedVersionException">It is not as expected.</exception>
    public Task<DeleteResult> DeleteAsync(string streamName, StreamState expectedState, TimeSpan? deadline = null,
        UserCredentials? userCredentials = null, CancellationToken cancellationToken = default) =>
        Delete(expectedState.ToWire(streamName), forGood: false, deadline, userCredentials, cancellationToken);

    /// <summary>Deletes a stream's events; the stream may be begun again.</summary>
    /// <exception cref="WrongExpectedVersionException">It is not as expected.</exception>
    public Task<DeleteResult> DeleteAsync(string streamName, StreamRevision expectedRevision, TimeSpan? deadline = null,
        UserCredentials? userCredentials = null, CancellationToken cancellationToken = default) =>
        Delete(expectedRevision.ToWire(streamName), forGood: false, deadline, userCredentials, cancellationToken);

    /// <summary>Deletes a stream for good: nothing can ever be appended to it again.</summary>
    /// <exception cref="WrongExpectedVersionException">It is not as expected.</exception>
    public Task<DeleteResult> TombstoneAsync(string streamName, StreamState expectedState, TimeSpan? deadline = null,
        UserCredentials? userCredentials = null, CancellationToken cancellationToken = default) =>
        Delete(expectedState.ToWire(streamName), forGood: true, deadline, userCredentials, cancellationToken);

    /// <summary>Deletes a stream for good: nothing can ever be appended to it again.</summary>
    /// <exception cref="WrongExpectedVersionException">It is not as expected.</exception>
    public Task<DeleteResult> TombstoneAsync(string streamName, StreamRevision expectedRevision, TimeSpan? deadline = null,
        UserCredentials? userCredentials = null, CancellationToken cancellationToken = default) =>
        Delete(expectedRevision.ToWire(streamName), forGood: true, deadline, userCredentials, cancellationToken);

    /// <summary>A stream's metadata; none is no error.</summary>
    public async Task<StreamMetadataResult> GetStreamMetadataAsync(string streamName, TimeSpan? deadline = null,
        UserCredentials? userCredentials = null, CancellationToken cancellationToken = default)
    {
        var read = ReadStreamAsync(Direction.Backwards, $"$${streamName}", StreamPosition.End, 1, false, deadline, userCredentials,
            cancellationToken);
        await foreach (var message in read.Messages.ConfigureAwait(false))
            if (message is StreamMessage.Event(var found))
                return StreamMetadataResult.Create(streamName, found.OriginalEventNumber, StreamMetadata.FromJson(found.Event.Data));
        return StreamMetadataResult.None(streamName);
    }

    /// <summary>Replaces a stream's metadata.</summary>
    /// <exception cref="WrongExpectedVersionException">The metadata's own stream is not as expected.</exception>
    public Task<IWriteResult> SetStreamMetadataAsync(string streamName, StreamState expectedState, StreamMetadata metadata,
        Action<EventStoreClientOperationOptions>? configureOperationOptions = null, TimeSpan? deadline = null,
        UserCredentials? userCredentials = null, CancellationToken cancellationToken = default) =>
        SetMetadata(expectedState.ToWire($"$${streamName}"), metadata, Options(configureOperationOptions), deadline, userCredentials,
            cancellationToken);

    /// <summary>Replaces a stream's metadata.</summary>
    /// <exception cref="WrongExpectedVersionException">The metadata's own stream is not as expected.</exception>
    public Task<IWriteResult> SetStreamMetadataAsync(string streamName, StreamRevision expectedRevision, StreamMetadata metadata,
        Action<EventStoreClientOperationOptions>? configureOperationOptions = null, TimeSpan? deadline = null,
        UserCredentials? userCredentials = null, CancellationToken cancellationToken = default) =>
        SetMetadata(expectedRevision.ToWire($"$${streamName}"), metadata, Options(configureOperationOptions), deadline, userCredentials,
            cancellationToken);

    private async Task<IWriteResult> SetMetadata(ExpectedRevision expected, StreamMetadata metadata,
        EventStoreClientOperationOptions options,
        TimeSpan? deadline, UserCredentials? user, CancellationToken cancellation)
    {
        var change = new EventData(Uuid.NewUuid(), MetadataType, metadata.ToJson());
        var result = await AppendAlone(expected, [change], deadline, user, cancellation).ConfigureAwait(false);
        if (options.ThrowOnAppendFailure && result is WrongExpectedVersionResult wrong)
            throw new WrongExpectedVersionException(wrong.StreamName, wrong.NextExpectedStreamRevision, wrong.ActualStreamRevision);
        return result;
    }

    private async Task<DeleteResult> Delete(
        ExpectedRevision expected, bool forGood, TimeSpan? deadline, UserCredentials? user, CancellationToken cancellation)
    {
        var node = await Connection.Current.WaitAsync(cancellation).ConfigureAwait(false);
        var (client, request) = (new Streams.StreamsClient(node.Invoker), new DeleteReq { Options = expected });
        var options = CallSettings.Of(Settings, deadline ?? Settings.DefaultDeadline, user, cancellation);
        using var call = forGood ? client.TombstoneAsync(request, options) : client.DeleteAsync(request, options);
        var answer = await call.ResponseAsync.ConfigureAwait(false);
        return new DeleteResult(answer.AtCase == DeleteResp.AtOneofCase.Position ? Position.FromWire(answer.Position) : default);
    }
}
