using Google.Protobuf;
using Grpc.Core;
using Metering.Kernel.Deciding;
using Metering.Kernel.Streams;
using Metering.Ledger.Accounts;
using Metering.Ledger.Pricing;
using Metering.Reservations.Requests;

namespace Metering.Reservations;

/// <summary>What goes wrong, as callers are told it: the one table from refusals and exceptions to gRPC statuses.</summary>
internal static class Errors
{
    private const string Trailer = "metering-error-bin";

    /// <summary>Null = not ours to translate: the call was cancelled, or it is a defect.</summary>
    public static Failed? Of(Exception exception) => exception switch
    {
        RequestRefused { Refused: var refused } => Of(refused),
        AmountOverflowException => new(
            StatusCode.InvalidArgument, exception.Message, new V1.Error { Reason = exception.Message, Expected = "amounts of 64 bits" }),
        ClashException => new(StatusCode.Aborted, exception.Message),
        StoppingException => new(StatusCode.Unavailable, exception.Message),
        OverloadedException or TooManyException => new(StatusCode.ResourceExhausted, exception.Message),
        StreamsUnavailableException { IsOverloaded: true } => new(StatusCode.ResourceExhausted, exception.Message),
        StreamsUnavailableException => new(StatusCode.Unavailable, "the event store is away: send it again with the same id"),
        CatalogUnconfirmedException => new(StatusCode.Unavailable, exception.Message),
        _ => null,
    };

    /// <summary>Awaits an answer; what goes wrong leaves as the status it is.</summary>
    public static async Task<T> Translate<T>(Task<T> answer)
    {
        try
        {
            return await answer;
        }
        catch (Exception exception) when (Of(exception) is { } failed)
        {
            throw failed.ToException();
        }
    }

    /// <summary>Awaits a call without an answer of its own.</summary>
    public static Task Translate(Task call) => Translate(Done(call));

    private static async Task<bool> Done(Task call)
    {
        await call;
        return true;
    }

    private static Failed Of(Refused refused)
    {
        var message = $"{refused.Field}: expected {refused.Message}";
        return new(StatusOf(refused.Kind), message, new V1.Error { Field = refused.Field, Expected = refused.Message, Reason = message });
    }

    private static StatusCode StatusOf(RefusalKind kind) => kind switch
    {
        RefusalKind.Invalid => StatusCode.InvalidArgument,
        RefusalKind.NotFound => StatusCode.NotFound,
        RefusalKind.OtherContent or RefusalKind.Exists => StatusCode.AlreadyExists,
        RefusalKind.TooOld or RefusalKind.Settled or RefusalKind.NotDue or RefusalKind.Conflict => StatusCode.FailedPrecondition,
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "a refusal without a status"),
    };

    /// <summary>A call's failure: as an exception of a unary call, or as a message of a session.</summary>
    internal sealed record Failed(StatusCode Code, string Message, V1.Error? Error = null)
    {
        public RpcException ToException()
        {
            var trailers = new Metadata();
            if (Error is not null) trailers.Add(Trailer, Error.ToByteArray());
            return new RpcException(new Status(Code, Message), trailers);
        }

        public V1.Failure ToMessage() => new() { Code = (int)Code, Message = Message, Error = Error };
    }
}

/// <summary>More callers hold on than the limit.</summary>
internal sealed class TooManyException(string what) : Exception($"too many {what}; nothing was done, ask again later");

/// <summary>It is not sure that the catalog is current (rule 16).</summary>
internal sealed class CatalogUnconfirmedException(Exception? cause)
    : Exception("it cannot be made sure that the catalog is current: nothing was done, send it again with the same id", cause);
