using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Metering.EventStoreDouble.Storage;
using Metering.EventStoreDouble.Wire;
using Empty = Google.Protobuf.WellKnownTypes.Empty;
using Status = Metering.EventStoreDouble.Wire.Status;

namespace Metering.EventStoreDouble.Calls;

/// <summary>The refusals of an append in a batch: clients tell them apart by the type of the details.</summary>
internal static class BatchErrors
{
    public static Status Of(Written written, string stream, long expected) => written.Outcome switch
    {
        Outcome.WrongRevision => Error(Code.AlreadyExists, Wrong(written.Revision, expected)),
        Outcome.StreamDeleted => Error(Code.NotFound, new StreamDeleted { StreamIdentifier = stream.ToIdentifier() }),
        Outcome.TimedOut => Timeout(),
        // a node says these with a code of zero and nothing that a client recognises
        Outcome.NotReady => new() { Message = "Server Is Not Ready", Details = Any.Pack(new Empty()) },
        Outcome.TooBusy => new() { Message = "Server Is Busy", Details = Any.Pack(new Empty()) },
        Outcome.NoLeader => new() { Message = "No leader info available in response", Details = Any.Pack(new Empty()) },
        _ => Error(Code.Unknown, new Unknown()),
    };

    public static Status BadRequest(string message) => Error(Code.InvalidArgument, new BadRequest { Message = message });

    public static Status AccessDenied() => Error(Code.PermissionDenied, new AccessDenied());

    public static Status Timeout() => Error(Code.DeadlineExceeded, new Wire.Timeout());

    public static Status TooLarge(int limit) =>
        Error(Code.InvalidArgument, new MaximumAppendSizeExceeded { MaxAppendSize = (uint)limit });

    private static Status Error(Code code, IMessage details) =>
        new() { Code = code, Message = details.Descriptor.Name, Details = Any.Pack(details) };

    private static WrongExpectedVersion Wrong(long current, long expected)
    {
        var wrong = current < 0
            ? new WrongExpectedVersion { CurrentNoStream = new() }
            : new() { CurrentStreamRevision = (ulong)current };
        if (expected == Revision.Any) wrong.ExpectedAny = new();
        else if (expected == Revision.NoStream) wrong.ExpectedNoStream = new();
        else if (expected == Revision.StreamExists) wrong.ExpectedStreamExists = new();
        else wrong.ExpectedStreamPosition = (ulong)expected;
        return wrong;
    }
}
