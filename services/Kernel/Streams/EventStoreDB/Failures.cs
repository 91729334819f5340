using EventStore.Client;

namespace Metering.Kernel.Streams.EventStoreDB;

/// <summary>What a failed call of the client means to who called.</summary>
internal static class Failures
{
    /// <summary>The node answered: it will not do this, now or later.</summary>
    public static bool IsAnswer(Exception failure) => failure is
        MaximumAppendSizeExceededException or StreamDeletedException or AccessDeniedException
            or NotAuthenticatedException or ArgumentException;

    public static Exception OfRead(Exception failure) => Of(failure, mayHaveAppended: false);

    /// <summary>Only an answer is definite. Whatever else went wrong, the events may have been on their way.</summary>
    public static Exception OfAppend(Exception failure) => Of(failure, mayHaveAppended: true);

    private static Exception Of(Exception failure, bool mayHaveAppended) => failure switch
    {
        StreamsUnavailableException => failure,
        MaximumAppendSizeExceededException size => new ArgumentException(
            $"the event store takes at most {size.MaxAppendSize} bytes at once; its MaxAppendSize must be {Appends.MaxBytes} or more",
            failure),
        AccessDeniedException or NotAuthenticatedException => new StreamsUnavailableException(
            "the event store refuses the credentials in EventStore", outcomeUnknown: false, failure),
        StreamDeletedException gone => new InvalidOperationException($"{gone.Stream} was deleted for good", failure),
        ArgumentException => failure,
        TimeoutException => new StreamsUnavailableException("the event store does not answer", mayHaveAppended, failure),
        _ => new StreamsUnavailableException($"the event store cannot be reached: {failure.Message}", mayHaveAppended, failure),
    };
}
