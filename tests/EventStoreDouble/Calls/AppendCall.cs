using Google.Protobuf;
using Google.Protobuf.Collections;
using Grpc.Core;
using Metering.EventStoreDouble.Hosting;
using Metering.EventStoreDouble.Storage;
using Metering.EventStoreDouble.Wire;
using Expected = Metering.EventStoreDouble.Wire.AppendReq.Types.Options.ExpectedStreamRevisionOneofCase;

namespace Metering.EventStoreDouble.Calls;

/// <summary>One append: the stream and revision first, then the events.</summary>
internal sealed class AppendCall(DoubleNode node, Admission admission)
{
    public async Task<AppendResp> Answer(IAsyncStreamReader<AppendReq> requests)
    {
        if (!await requests.MoveNext() || requests.Current.Options is not { } options)
            throw new InvalidOperationException("the options come first");
        var (stream, expected) = (options.StreamIdentifier.Name() ?? throw RpcErrors.Required("stream_identifier"), Revision(options));
        admission.CheckAccess();
        var events = await Events(requests);
        var written = await admission.Write(stream, log => log.Append(stream, expected, events));
        if (written.Outcome == Outcome.WrongRevision) return new() { WrongExpectedVersion = Wrong(options, written.Revision) };
        if (written.Outcome != Outcome.Done) admission.Throw(written, stream);
        return new() { Success = Success(written) };
    }

    public static Proposed Event(UUID? id, MapField<string, string> metadata, ByteString data, ByteString custom)
    {
        if (!metadata.TryGetValue("type", out var type)) throw RpcErrors.MetadataMissing("type");
        if (!metadata.TryGetValue("content-type", out var content)) throw RpcErrors.MetadataMissing("content-type");
        var guid = id.ToGuid();
        if (guid == Guid.Empty) throw new ArgumentException("Empty eventId provided.");
        if (type.Length == 0) throw new ArgumentException("Empty eventType provided.");
        return new(guid, type, content == "application/json", data, custom);
    }

    private async Task<List<Proposed>> Events(IAsyncStreamReader<AppendReq> requests)
    {
        var events = new List<Proposed>();
        for (var size = 0; await requests.MoveNext();)
        {
            var message = requests.Current.ProposedMessage ?? throw new InvalidOperationException("only events come after the options");
            events.Add(Event(message.Id, message.Metadata, message.Data, message.CustomMetadata));
            if ((size += events[^1].Size) > node.Options.MaxAppendSize) throw RpcErrors.AppendTooLarge(node.Options.MaxAppendSize);
        }
        return events;
    }

    private static long Revision(AppendReq.Types.Options options) => options.ExpectedStreamRevisionCase switch
    {
        Expected.Revision => (long)options.Revision,
        Expected.NoStream => Storage.Revision.NoStream,
        Expected.Any => Storage.Revision.Any,
        Expected.StreamExists => Storage.Revision.StreamExists,
        var none => throw RpcErrors.InvalidArgument(none),
    };

    private static AppendResp.Types.Success Success(Written written)
    {
        var position = (ulong)written.Position;
        var success = new AppendResp.Types.Success { Position = new() { CommitPosition = position, PreparePosition = position } };
        if (written.Revision < 0) success.NoStream = new();
        else success.CurrentRevision = (ulong)written.Revision;
        return success;
    }

    // twice: as clients of today and of before 20.6.1 read it
    private static AppendResp.Types.WrongExpectedVersion Wrong(AppendReq.Types.Options options, long current)
    {
        var wrong = current < 0
            ? new AppendResp.Types.WrongExpectedVersion { CurrentNoStream = new(), NoStream2060 = new() }
            : new() { CurrentRevision = (ulong)current, CurrentRevision2060 = (ulong)current };
        switch (options.ExpectedStreamRevisionCase)
        {
            case Expected.Any: (wrong.ExpectedAny, wrong.Any2060) = (new(), new()); break;
            case Expected.StreamExists: (wrong.ExpectedStreamExists, wrong.StreamExists2060) = (new(), new()); break;
            case Expected.NoStream: (wrong.ExpectedNoStream, wrong.ExpectedRevision2060) = (new(), ulong.MaxValue); break;
            default: (wrong.ExpectedRevision, wrong.ExpectedRevision2060) = (options.Revision, options.Revision); break;
        }
        return wrong;
    }
}
