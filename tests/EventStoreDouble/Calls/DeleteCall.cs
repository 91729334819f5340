using Metering.EventStoreDouble.Storage;
using Metering.EventStoreDouble.Wire;
using DeleteExpected = Metering.EventStoreDouble.Wire.DeleteReq.Types.Options.ExpectedStreamRevisionOneofCase;
using TombstoneExpected = Metering.EventStoreDouble.Wire.TombstoneReq.Types.Options.ExpectedStreamRevisionOneofCase;

namespace Metering.EventStoreDouble.Calls;

/// <summary>Deletes: one that a later append undoes, and one for ever.</summary>
internal sealed class DeleteCall(Admission admission)
{
    public async Task<DeleteResp> Delete(DeleteReq.Types.Options options)
    {
        var expected = options.ExpectedStreamRevisionCase switch
        {
            DeleteExpected.Revision => (long)options.Revision,
            DeleteExpected.NoStream => Revision.NoStream,
            DeleteExpected.Any => Revision.Any,
            DeleteExpected.StreamExists => Revision.StreamExists,
            var none => throw RpcErrors.InvalidArgument(none),
        };
        var position = await Delete(options.StreamIdentifier, expected, hard: false);
        return new() { Position = new() { CommitPosition = position, PreparePosition = position } };
    }

    public async Task<TombstoneResp> Tombstone(TombstoneReq.Types.Options options)
    {
        var expected = options.ExpectedStreamRevisionCase switch
        {
            TombstoneExpected.Revision => (long)options.Revision,
            TombstoneExpected.NoStream => Revision.NoStream,
            TombstoneExpected.Any => Revision.Any,
            TombstoneExpected.StreamExists => Revision.StreamExists,
            var none => throw RpcErrors.InvalidArgument(none),
        };
        var position = await Delete(options.StreamIdentifier, expected, hard: true);
        return new() { Position = new() { CommitPosition = position, PreparePosition = position } };
    }

    private async Task<ulong> Delete(StreamIdentifier identifier, long expected, bool hard)
    {
        var stream = identifier.Name() ?? throw RpcErrors.Required("stream_identifier");
        admission.CheckAccess();
        var written = await admission.Write(stream, log => log.Delete(stream, expected, hard));
        if (written.Outcome == Outcome.WrongRevision) throw RpcErrors.WrongExpectedVersion("Delete", stream, expected, written.Revision);
        if (written.Outcome != Outcome.Done) admission.Throw(written, stream);
        return (ulong)written.Position;
    }
}
